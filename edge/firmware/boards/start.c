/* From reset to main: memory, stack paint, command line. */
#include "start.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "board.h"
#include "semihosting.h"

#define LINE_BYTES 2048u
#define WORDS 16
#define PAINT 0xa5c3f00du

/* From the linker script. */
extern char _data_load[], _data_start[], _data_end[], _bss_start[], _bss_end[], _stack_limit[];

int main(int argc, char **argv);

/* The emulation's own, outside what is measured as the program's RAM; not cleared at the start. */
static char line[LINE_BYTES] __attribute__((section(".board_noinit")));
static char *words[WORDS + 1] __attribute__((section(".board_noinit")));
static uintptr_t painted_below __attribute__((section(".board_noinit")));

void __attribute__((noinline)) board_stack_paint(void)
{
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    /* This function's own frame may reach a little below. */
    const uintptr_t end = (here - 32u) & ~(uintptr_t)3u;
    for (uintptr_t at = (uintptr_t)_stack_limit; at < end; at += 4u) {
        *(volatile uint32_t *)at = PAINT;
    }
    painted_below = here;
}

uint32_t board_stack_high_water(void)
{
    uintptr_t at = (uintptr_t)_stack_limit;
    while ((at < painted_below) && (*(volatile uint32_t *)at == PAINT)) {
        at += 4u;
    }
    return (uint32_t)(painted_below - at);
}

/* The emulator joins its arguments with blanks: "program a b". */
static int split_line(void)
{
    uint32_t block[2] = {(uint32_t)(uintptr_t)line, LINE_BYTES};
    int count = 0;
    int inside = 0;
    if (semihost(SYS_GET_CMDLINE, block) != 0) {
        line[0] = '\0';
    }
    for (uint32_t i = 0u; (i < LINE_BYTES) && (line[i] != '\0'); i++) {
        if (line[i] == ' ') {
            line[i] = '\0';
            inside = 0;
        } else if ((inside == 0) && (count < WORDS)) {
            words[count] = &line[i];
            count++;
            inside = 1;
        } else {
            /* Within a word, or one word too many. */
        }
    }
    words[count] = NULL;
    return count;
}

/* The linker's marks are objects of their own to C: their distance is one of numbers. */
static size_t distance(const char *from, const char *to)
{
    return (size_t)((uintptr_t)to - (uintptr_t)from);
}

void board_start(void)
{
    (void)memcpy(_data_start, _data_load, distance(_data_start, _data_end));
    (void)memset(_bss_start, 0, distance(_bss_start, _bss_end));
    semihost_open_console();
    board_stack_paint();
    board_exit(main(split_line(), words));
}
