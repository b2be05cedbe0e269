#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H


/* The exit code after a fault. */
#define BOARD_FAULT_EXIT 120

#endif
