// TensorFlow's addon creates sessions with default options; binding.gyp redirects that call here.
// Grappler is switched off: XLA compiles all of our functions anyway, while Grappler would rewrite
// their bodies for each new set of a session's inputs and outputs (seconds in every process), and
// turn chains of additions into an operation that XLA refuses.
#include "tensorflow/c/c_api.h"

#undef TF_NewSessionOptions
extern "C" TF_SessionOptions* TF_NewSessionOptions();

extern "C" TF_SessionOptions* karstSessionOptions() {
  // ConfigProto.graph_options.rewrite_options.disable_meta_optimizer = true
  // (tensorflow/core/protobuf/config.proto, fields 10 and 10, and rewriter_config.proto, field 19).
  static const unsigned char kConfig[] = {0x52, 5, 0x52, 3, 0x98, 1, 1};
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Status* status = TF_NewStatus();
  TF_SetConfig(options, kConfig, sizeof kConfig, status);
  TF_DeleteStatus(status);
  return options;
}
