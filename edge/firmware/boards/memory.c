/* memcpy and memset for cores whose C library moves single bytes (picolibc on RISC-V). */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t __attribute__((may_alias)) word;

/* Or the compiler would see what the loop does, and call memcpy or memset for it. */
#define NOT_A_KNOWN_LOOP() __asm__ volatile("" : : : "memory")

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if ((((uintptr_t)d ^ (uintptr_t)s) & 3u) == 0u) {
        while ((((uintptr_t)d & 3u) != 0u) && (bytes != 0u)) {
            *d++ = *s++;
            bytes--;
            NOT_A_KNOWN_LOOP();
        }
        for (; bytes >= 16u; bytes -= 16u) {
            const word a = ((const word *)(const void *)s)[0];
            const word b = ((const word *)(const void *)s)[1];
            const word c = ((const word *)(const void *)s)[2];
            const word e = ((const word *)(const void *)s)[3];
            ((word *)(void *)d)[0] = a;
            ((word *)(void *)d)[1] = b;
            ((word *)(void *)d)[2] = c;
            ((word *)(void *)d)[3] = e;
            d += 16;
            s += 16;
        }
    }
    for (; bytes != 0u; bytes--) {
        *d++ = *s++;
        NOT_A_KNOWN_LOOP();
    }
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    uint8_t *d = to;
    const word four = (word)(uint8_t)value * 0x01010101u;
    while ((((uintptr_t)d & 3u) != 0u) && (bytes != 0u)) {
        *d++ = (uint8_t)value;
        bytes--;
        NOT_A_KNOWN_LOOP();
    }
    for (; bytes >= 4u; bytes -= 4u) {
        *(word *)(void *)d = four;
        d += 4;
        NOT_A_KNOWN_LOOP();
    }
    for (; bytes != 0u; bytes--) {
        *d++ = (uint8_t)value;
        NOT_A_KNOWN_LOOP();
    }
    return to;
}
