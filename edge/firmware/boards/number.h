/* Decimal digits without printf. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdint.h>

#define BOARD_NUMBER_BYTES 24

/* Writes from the end of the buffer backwards; returns where the number starts. */
static inline const char *board_number(char *buffer, int64_t value)
{
    char *at = &buffer[BOARD_NUMBER_BYTES - 1];
    uint64_t rest = (value < 0) ? (0u - (uint64_t)value) : (uint64_t)value;
    *at = '\0';
    do {
        at--;
        *at = (char)('0' + (char)(rest % 10u));
        rest /= 10u;
    } while (rest != 0u);
    if (value < 0) {
        at--;
        *at = '-';
    }
    return at;
}

#endif
