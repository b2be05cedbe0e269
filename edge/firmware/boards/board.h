/* What a program asks of the board it runs on. Emulated boards answer by semihosting, the host by stdio.
 *
 * The start-up code sets up the memory, takes the command line apart and calls main(argc, argv);
 * what main returns becomes the exit code. For tests and measurements; firmware in the field needs none of it.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Text, or a number in decimal, to the console. */
void board_write(const char *text);
void board_write_number(int64_t value);

/* Ends the program; the emulator passes the code (0 to 255) on. */
void board_exit(int32_t code) __attribute__((noreturn));

/* Files of the computer that runs the emulator. A handle below 0: it could not be opened. */
int32_t board_open(const char *path);   /* for reading */
int32_t board_create(const char *path); /* for writing */
/* Bytes read or written; fewer than asked for at the end of the file or on an error. */
uint32_t board_read(int32_t file, void *to, uint32_t bytes);
uint32_t board_write_bytes(int32_t file, const void *from, uint32_t bytes);
void board_close(int32_t file);

/* Instructions since reset, in steps of 40 (M4, M7), 31.25 (M55) or 1 (RV32); under `-icount shift=0` only.
 * 0 on the host, which does not count. */
uint64_t board_instructions(void);

/* Bytes by which the stack has grown since the start, or since board_stack_paint was last called, at the deepest;
 * exact to about 32 bytes. 0 on the host, which does not measure. */
uint32_t board_stack_high_water(void);
void board_stack_paint(void);

#endif
