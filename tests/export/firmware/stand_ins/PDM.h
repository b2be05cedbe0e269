/* Stand-in for a syntax check: what the sketch uses of the Arduino core and its PDM library. */
#include <stddef.h>
#include <stdint.h>

struct StandInPdm {
    void onReceive(void (*callback)());
    int begin(int channels, int rate);
    int available();
    int read(void *to, size_t bytes);
};
extern StandInPdm PDM;

struct StandInSerial {
    void begin(unsigned long rate);
    void print(const char *text);
    void print(char text);
    void println(const char *text);
    void println(long value);
};
extern StandInSerial Serial;
