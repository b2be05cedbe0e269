/* Stand-in for a syntax check. */
#include <stdbool.h>
struct device {
    const char *name;
};
extern const struct device stand_in_device;
#define DT_NODELABEL(label) label
#define DEVICE_DT_GET(node) (&stand_in_device)
bool device_is_ready(const struct device *dev);
