/* What start-up, semihosting and counters of a board have to do. Arguments: COMMAND [FILES]. */
#include <string.h>

#include "board.h"

static volatile int32_t initialised = 41;
static volatile int32_t cleared;
static uint8_t place[96];

static void line(const char *name, int64_t value)
{
    board_write(name);
    board_write(" ");
    board_write_number(value);
    board_write("\n");
}

/* 30 million instructions on an emulated core. */
static void loop(void)
{
#if defined(__arm__)
    uint32_t n = 10000000u;
    __asm__ volatile("1: subs %0, #1\n nop\n bne 1b" : "+r"(n) : : "cc");
#elif defined(__riscv)
    uint32_t n = 10000000u;
    __asm__ volatile("1: addi %0, %0, -1\n nop\n bnez %0, 1b" : "+r"(n));
#endif
}

/* Beyond 2^24 ticks of 40 instructions; every step has to count alike. */
static void count(void)
{
    const uint64_t first = board_instructions();
    uint64_t last = first;
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (int32_t i = 0; i < 24; i++) {
        loop();
        const uint64_t now = board_instructions();
        const int64_t step = (int64_t)(now - last);
        least = (step < least) ? step : least;
        most = (step > most) ? step : most;
        last = now;
    }
    line("least", least);
    line("most", most);
    line("all", (int64_t)(last - first));
}

static void copy_file(const char *from, const char *to)
{
    uint8_t block[64];
    const int32_t in = board_open(from);
    const int32_t out = board_create(to);
    uint32_t bytes = 0u;
    uint32_t got;
    line("opened", (in >= 0) && (out >= 0));
    do {
        got = board_read(in, block, sizeof block);
        bytes += board_write_bytes(out, block, got);
    } while (got == sizeof block);
    board_close(in);
    board_close(out);
    line("copied", (int64_t)bytes);
    line("absent", board_open("no-such-file") < 0);
}

static uint8_t expected(uint32_t at, uint32_t start, uint32_t bytes, uint8_t inside)
{
    return ((at >= start) && (at < (start + bytes))) ? inside : (uint8_t)(200u + (at % 7u));
}

/* memcpy and memset at every alignment: nothing but the bytes asked for changes. */
static void memory(void)
{
    uint8_t from[64];
    int64_t wrong = 0;
    for (uint32_t i = 0u; i < sizeof from; i++) {
        from[i] = (uint8_t)(i + 1u);
    }
    for (uint32_t start = 0u; start < 5u; start++) {
        for (uint32_t source = 0u; source < 5u; source++) {
            for (volatile uint32_t bytes = 0u; bytes < 50u; bytes++) {
                for (uint32_t mode = 0u; mode < 2u; mode++) {
                    for (uint32_t i = 0u; i < sizeof place; i++) {
                        place[i] = expected(i, 0u, 0u, 0u);
                    }
                    if (mode == 0u) {
                        (void)memcpy(&place[start], &from[source], bytes);
                    } else {
                        (void)memset(&place[start], (int)(0x180u + source), bytes);
                    }
                    for (uint32_t i = 0u; i < sizeof place; i++) {
                        const uint8_t copied = (uint8_t)(i - start + source + 1u);
                        const uint8_t filled = (uint8_t)(0x80u + source);
                        wrong += place[i] != expected(i, start, bytes, (mode == 0u) ? copied : filled);
                    }
                }
            }
        }
    }
    line("wrong", wrong);
}

/* Each call hands its own frame on, or a compiler would make a loop of it. */
static int32_t descend(int32_t depth, const volatile int32_t *above)
{
    volatile int32_t frame[64];
    frame[0] = depth;
    return (depth == 0) ? above[0] : (descend(depth - 1, frame) + frame[0]);
}

static void stack(void)
{
    board_stack_paint();
    line("shallow", board_stack_high_water());
    line("sum", descend(10, &cleared));
    line("deep", board_stack_high_water());
    board_stack_paint();
    line("again", board_stack_high_water());
}

int main(int argc, char **argv)
{
    const char command = (argc > 1) ? argv[1][0] : ' ';
    for (int i = 1; i < argc; i++) {
        board_write(argv[i]);
        board_write("\n");
    }
    if (command == 'b') {
        line("lowest", INT64_MIN);
        line("memory", (int64_t)initialised + cleared);
    } else if (command == 'c') {
        count();
    } else if (command == 'f') {
        copy_file(argv[2], argv[3]);
    } else if (command == 'm') {
        memory();
    } else if (command == 's') {
        stack();
    } else if (command == 'o') {
        line("too deep", descend(INT32_MAX, &cleared)); /* never comes back */
    } else if (command == 'w') {
        for (;;) {
            loop();
        }
    } else {
        board_exit(2);
    }
    return 7;
}
