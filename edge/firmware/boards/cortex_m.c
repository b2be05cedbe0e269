/* Vectors, reset and the instruction counter of the Cortex-M boards. */
#include <stdint.h>

#include "board.h"
#include "board_config.h"
#include "start.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR REGISTER(0xe000e010u)
#define SYST_RVR REGISTER(0xe000e014u)
#define SYST_CVR REGISTER(0xe000e018u)
#define ICSR REGISTER(0xe000ed04u)
#define CCR REGISTER(0xe000ed14u)
#define CPACR REGISTER(0xe000ed88u)

#define MPU_CTRL REGISTER(0xe000ed94u)
#define MPU_RNR REGISTER(0xe000ed98u)
#define MPU_RBAR REGISTER(0xe000ed9cu)
#define MPU_RASR REGISTER(0xe000eda0u)

#define MPU_ENABLE_WITH_DEFAULT_MAP 5u
#define MPU_READ_ONLY_512_MIB ((6u << 24) | (1u << 17) | (28u << 1) | 1u)
#define SYST_ENABLE_WITH_INTERRUPT_AND_CORE_CLOCK 7u
#define SYST_PERIOD 0x1000000u /* 24 bits */
#define ICSR_PENDSTSET (1u << 26)
#define CCR_LOB (1u << 19)
#define CPACR_FPU_AND_MVE (0xfu << 20)

extern char _stack_top[];
#if defined(__ARM_ARCH_8_1M_MAIN__)
extern char _stack_limit[];
#endif

void board_reset(void) __attribute__((noreturn));
void board_fault(void);
void board_report_fault(void);
void board_tick(void);

static volatile uint32_t periods __attribute__((section(".board_noinit")));

void board_reset(void)
{
    CPACR |= CPACR_FPU_AND_MVE;
#if defined(__ARM_ARCH_8_1M_MAIN__)
    CCR |= CCR_LOB;
    __asm__ volatile("msr msplim, %0" : : "r"(_stack_limit));
#else
    /* Nothing below RAM can be written, so that a stack that overflows into it faults: the emulator ignores writes to
     * where no memory is. */
    MPU_RNR = 0u;
    MPU_RBAR = 0u;
    MPU_RASR = MPU_READ_ONLY_512_MIB;
    MPU_CTRL = MPU_ENABLE_WITH_DEFAULT_MAP;
#endif
    __asm__ volatile("dsb\nisb" : : : "memory");
    periods = 0u;
    SYST_RVR = SYST_PERIOD - 1u;
    SYST_CVR = 0u;
    SYST_CSR = SYST_ENABLE_WITH_INTERRUPT_AND_CORE_CLOCK;
    board_start();
}

/* The stack may have overflowed: nothing can be pushed before it is set anew. */
__attribute__((naked)) void board_fault(void)
{
    __asm__ volatile("ldr r1, =_stack_top\n"
                     "mov sp, r1\n"
                     "b board_report_fault\n");
}

__attribute__((used, noreturn)) void board_report_fault(void)
{
    board_write("fault\n");
    board_exit(BOARD_FAULT_EXIT);
}

void board_tick(void)
{
    periods++;
}

uint64_t board_instructions(void)
{
    uint32_t whole;
    uint32_t left;
    uint32_t pending;
    do {
        whole = periods;
        left = SYST_CVR;
        pending = ICSR & ICSR_PENDSTSET;
    } while (whole != periods);
    if ((pending != 0u) && (left > (SYST_PERIOD / 2u))) {
        whole++;
    }
    const uint64_t ticks = ((uint64_t)whole * SYST_PERIOD) + (uint64_t)((SYST_PERIOD - left) & (SYST_PERIOD - 1u));
    return (ticks * BOARD_INSTRUCTIONS_PER_TICK_X4) / 4u;
}

/* The core reads the stack pointer and the handlers from here. */
typedef void (*handler)(void);
typedef struct {
    const char *stack;
    handler handlers[15];
} vector_table;

extern const vector_table board_vectors;
__attribute__((section(".vectors"), used)) const vector_table board_vectors = {
    _stack_top,
    {board_reset, board_fault, board_fault, board_fault, board_fault, board_fault, board_fault, 0, 0, 0, board_fault,
     board_fault, 0, board_fault, board_tick}};
