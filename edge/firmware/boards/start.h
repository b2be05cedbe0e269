/* From the reset code of a core to main. */
#ifndef START_H
#define START_H

/* The stack pointer is set; nothing else is. Never returns. */
void board_start(void) __attribute__((noreturn));

#endif
