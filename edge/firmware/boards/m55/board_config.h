#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

/* QEMU mps3-an547: 32 MHz, one instruction a nanosecond: 31.25 a tick. */
#define BOARD_INSTRUCTIONS_PER_TICK_X4 125u
/* The exit code after a fault. */
#define BOARD_FAULT_EXIT 120

#endif
