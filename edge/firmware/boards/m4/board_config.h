#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

/* QEMU mps2-an386: 25 MHz, one instruction a nanosecond: 40 a tick. */
#define BOARD_INSTRUCTIONS_PER_TICK_X4 160u
/* The exit code after a fault. */
#define BOARD_FAULT_EXIT 120

#endif
