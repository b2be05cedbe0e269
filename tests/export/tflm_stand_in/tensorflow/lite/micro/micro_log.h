// A stand-in for TFLite-Micro's header; see micro_mutable_op_resolver.h beside it.
#ifndef STAND_IN_LOG_H_
#define STAND_IN_LOG_H_

void MicroPrintf(const char* format, ...) __attribute__((format(printf, 1, 2)));

#endif  // STAND_IN_LOG_H_
