// TensorFlow's addon makes its sessions with the default options; it is compiled so that it asks here instead
// (addon.mjs). Grappler is left out: XLA compiles every function of ours as it stands, and Grappler would go through all
// of them anew for each set of inputs and outputs that a session sees for the first time, rewrite their bodies for seconds in
// every process, and turn chains of additions into an operation that XLA refuses.
#include "tensorflow/c/c_api.h"

#undef TF_NewSessionOptions
extern "C" TF_SessionOptions* TF_NewSessionOptions();

extern "C" TF_SessionOptions* karstSessionOptions() {
  // ConfigProto.graph_options.rewrite_options.disable_meta_optimizer = true (tensorflow/core/protobuf/config.proto,
  // fields 10 and 10, and rewriter_config.proto, field 19).
  static const unsigned char kConfig[] = {0x52, 5, 0x52, 3, 0x98, 1, 1};
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Status* status = TF_NewStatus();
  TF_SetConfig(options, kConfig, sizeof kConfig, status);
  TF_DeleteStatus(status);
  return options;
}
