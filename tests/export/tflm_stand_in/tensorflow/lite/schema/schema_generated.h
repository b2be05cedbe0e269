// A stand-in for TFLite-Micro's header; see micro/micro_mutable_op_resolver.h.
#ifndef STAND_IN_SCHEMA_H_
#define STAND_IN_SCHEMA_H_

#include <cstdint>

#define TFLITE_SCHEMA_VERSION (3)

namespace tflite {

class Model {
 public:
  std::uint32_t version() const;
};

const Model* GetModel(const void* buffer);

}  // namespace tflite

#endif  // STAND_IN_SCHEMA_H_
