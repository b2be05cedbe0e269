// A stand-in for TFLite-Micro's header, for the tests of drsn-export tflm: the declarations that the generated files use,
// written from TFLite-Micro's documentation. It counts what is entered; there are no kernels behind it.
#ifndef STAND_IN_RESOLVER_H_
#define STAND_IN_RESOLVER_H_

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

namespace tflite {

class MicroOpResolver {};

template <unsigned int tOpCount>
class MicroMutableOpResolver : public MicroOpResolver {
 public:
  TfLiteStatus AddAbs() { return Add(); }
  TfLiteStatus AddAdd() { return Add(); }
  TfLiteStatus AddConcatenation() { return Add(); }
  TfLiteStatus AddConv2D() { return Add(); }
  TfLiteStatus AddDepthwiseConv2D() { return Add(); }
  TfLiteStatus AddFullyConnected() { return Add(); }
  TfLiteStatus AddLeakyRelu() { return Add(); }
  TfLiteStatus AddLogistic() { return Add(); }
  TfLiteStatus AddMaximum() { return Add(); }
  TfLiteStatus AddMean() { return Add(); }
  TfLiteStatus AddMinimum() { return Add(); }
  TfLiteStatus AddMul() { return Add(); }
  TfLiteStatus AddPad() { return Add(); }
  TfLiteStatus AddQuantize() { return Add(); }
  TfLiteStatus AddRelu() { return Add(); }
  TfLiteStatus AddReshape() { return Add(); }
  TfLiteStatus AddSoftmax() { return Add(); }
  TfLiteStatus AddSub() { return Add(); }
  unsigned int GetRegistrationLength() { return entered_; }

 private:
  TfLiteStatus Add() { return entered_++ < tOpCount ? kTfLiteOk : kTfLiteError; }
  unsigned int entered_ = 0;
};

}  // namespace tflite

#endif  // STAND_IN_RESOLVER_H_
