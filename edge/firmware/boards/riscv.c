/* Reset, traps and the instruction counter of the RISC-V board. */
#include <stdint.h>

#include "board.h"
#include "board_config.h"
#include "start.h"

void board_reset(void) __attribute__((noreturn));
void board_trap(void) __attribute__((aligned(4)));
void board_report_fault(void);

/* GCC 12 keeps control registers apart from rv32imac, which chooses the C library. */
#define WITH_CSR(lines) ".option push\n.option arch, +zicsr\n" lines "\n.option pop"

/* The core starts here, at the first address, without a stack. */
__asm__(".section .vectors, \"ax\"\n"
        ".global _start\n"
        "_start:\n"
        ".option push\n.option norelax\n"
        "  la gp, _global_pointer\n"
        ".option pop\n"
        "  la sp, _stack_top\n"
        "  j board_reset\n"
        ".text\n");

/* 4 MiB from 0x80000000 (FLASH of link.ld): address / 4 with the low bits telling the size. */
#define PMP_FLASH ((0x80000000u >> 2) | ((4u * 1024u * 1024u / 8u) - 1u))
#define PMP_LOCKED_READ_EXECUTE 0x9du

void board_reset(void)
{
    __asm__ volatile(WITH_CSR("csrw mtvec, %0") : : "r"(board_trap));
    __asm__ volatile(WITH_CSR("csrw pmpaddr0, %0\ncsrw pmpcfg0, %1") : : "r"(PMP_FLASH), "r"(PMP_LOCKED_READ_EXECUTE));
    board_start();
}

/* The stack may have overflowed: nothing can be pushed before it is set anew. */
__attribute__((naked)) void board_trap(void)
{
    __asm__ volatile("la sp, _stack_top\n"
                     "j board_report_fault\n");
}

__attribute__((used, noreturn)) void board_report_fault(void)
{
    board_write("fault\n");
    board_exit(BOARD_FAULT_EXIT);
}

uint64_t board_instructions(void)
{
    uint32_t high = 0u;
    uint32_t low = 0u;
    uint32_t again = 0u;
    do {
        __asm__ volatile(WITH_CSR("csrr %0, minstreth\ncsrr %1, minstret\ncsrr %2, minstreth")
                         : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return ((uint64_t)high << 32) | low;
}
