// A stand-in for TFLite-Micro's header; see micro_mutable_op_resolver.h beside it.
#ifndef STAND_IN_INTERPRETER_H_
#define STAND_IN_INTERPRETER_H_

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

union TfLitePtrUnion {
  std::int16_t* i16;
  std::int8_t* int8;
};

struct TfLiteTensor {
  TfLitePtrUnion data;
};

namespace tflite {

class MicroInterpreter {
 public:
  MicroInterpreter(const Model* model, const MicroOpResolver& op_resolver, std::uint8_t* tensor_arena,
                   std::size_t tensor_arena_size);
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteTensor* input(std::size_t index);
  TfLiteTensor* output(std::size_t index);
  std::size_t arena_used_bytes() const;
};

}  // namespace tflite

#endif  // STAND_IN_INTERPRETER_H_
