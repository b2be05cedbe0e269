// Prints what the generated model.h, model.cc and resolver.h say, for tests/export/test_export_tflm.py.
#include <cstdint>
#include <cstdio>

#include "keywords.h"
#include "resolver.h"

int main() {
  keywords_resolver resolver;
  if (keywords_add_operators(resolver) != kTfLiteOk) return 1;
  std::printf("%u\n", resolver.GetRegistrationLength());
  std::printf("%d\n", static_cast<int>(reinterpret_cast<std::uintptr_t>(keywords_data) % 16));
  std::printf("%zu %d %d\n", keywords_arena_bytes, keywords_input_size, keywords_output_size);
  std::printf("%.9g %d\n", static_cast<double>(keywords_input_scale), keywords_input_zero_point);
  std::printf("%.9g %d\n", static_cast<double>(keywords_output_scale), keywords_output_zero_point);
  for (int n : keywords_input_shape) std::printf("%d ", n);
  std::printf("\n");
  for (int i = 0; i < keywords_label_count; ++i) std::printf("%s\n", keywords_labels[i]);
  for (std::size_t i = 0; i < keywords_data_bytes; ++i) std::fprintf(stderr, "%02x", keywords_data[i]);
  return 0;
}
