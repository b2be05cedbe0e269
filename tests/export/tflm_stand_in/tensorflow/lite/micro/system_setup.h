// A stand-in for TFLite-Micro's header; see micro_mutable_op_resolver.h beside it.
#ifndef STAND_IN_SETUP_H_
#define STAND_IN_SETUP_H_

namespace tflite {
void InitializeTarget();
}

#endif  // STAND_IN_SETUP_H_
