/* Four int8 in one word: what the DSP extension (Cortex-M4, M7) offers to kernels that work element by element. */
#ifndef DRSN_PACKED_S8_H
#define DRSN_PACKED_S8_H

#include "fixed_point.h"

/* For functions that take a constant which decides the shape of their loops. */
#if defined(__GNUC__)
#define DRSN_INLINE inline __attribute__((always_inline))
#else
#define DRSN_INLINE inline
#endif

/* The shift that is built into SSAT here: 22 leaves a sum of two scaled int8 nine bits before the point. */
#define DRSN_FAST_SHIFT 22U

#ifdef DRSN_DSP
static DRSN_INLINE uint32_t drsn_load4(const int8_t *from)
{
    uint32_t word;
    (void)memcpy(&word, from, sizeof word);
    return word;
}

static DRSN_INLINE void drsn_store4(int8_t *to, uint32_t word)
{
    (void)memcpy(to, &word, sizeof word);
}

/* a * b + c, which may wrap; in C, gcc takes such sums apart. */
static DRSN_INLINE int32_t drsn_mla(int32_t a, int32_t b, int32_t c)
{
    int32_t sum;
    __asm__("mla %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
    return sum;
}

/* The low bytes of four. */
static DRSN_INLINE uint32_t drsn_pack4(int32_t byte0, int32_t byte1, int32_t byte2, int32_t byte3)
{
    uint32_t word = (uint32_t)byte0;
    __asm__("bfi %0, %1, #8, #8\n\tbfi %0, %2, #16, #8\n\tbfi %0, %3, #24, #8"
            : "+r"(word)
            : "r"(byte1), "r"(byte2), "r"(byte3));
    return word;
}

static DRSN_INLINE uint32_t drsn_splat4(int8_t value)
{
    return (uint32_t)(uint8_t)value * 0x01010101U;
}

/* The next int8, and one to `offset` bytes from an address. In assembly for the addressing that gcc leaves unused: one
 * address moves on by itself, and others are found from it. */
static DRSN_INLINE int32_t drsn_take(const int8_t **from)
{
    int32_t value;
    __asm__ volatile("ldrsb %0, [%1], #1" : "=&r"(value), "+r"(*from) : : "memory");
    return value;
}

static DRSN_INLINE void drsn_put(const int8_t *base, int32_t offset, int32_t value)
{
    __asm__ volatile("strb %0, [%1, %2]" : : "r"(value), "r"(base), "r"(offset) : "memory");
}

/* To an output from the element behind `from`, for drsn_put. */
static DRSN_INLINE int32_t drsn_distance(const int8_t *from, const int8_t *to)
{
    return (int32_t)((uintptr_t)to - (uintptr_t)from) - 1;
}

static DRSN_INLINE uint32_t drsn_max4(uint32_t a, uint32_t b)
{
    uint32_t larger;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
    return larger;
}

static DRSN_INLINE uint32_t drsn_min4(uint32_t a, uint32_t b)
{
    uint32_t smaller;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(smaller) : "r"(a), "r"(b) : "cc");
    return smaller;
}

/* clamp(value, -128, 127) */
static DRSN_INLINE int32_t drsn_ssat8(int32_t value)
{
    int32_t bounded;
    __asm__("ssat %0, #8, %1" : "=r"(bounded) : "r"(value));
    return bounded;
}

/* clamp(value >> DRSN_FAST_SHIFT, -128, 127) */
static DRSN_INLINE int32_t drsn_ssat8_fast(int32_t value)
{
    int32_t bounded;
    __asm__("ssat %0, #8, %1, asr #22" : "=r"(bounded) : "r"(value));
    return bounded;
}
#endif

#endif
