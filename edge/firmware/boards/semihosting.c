/* board.h's console, files and exit by semihosting, for all emulated boards. */
#include "semihosting.h"

#include "board.h"
#include "number.h"

#define MODE_READ_BINARY 1u
#define MODE_WRITE 4u
#define MODE_WRITE_BINARY 5u
#define STOPPED_APPLICATION_EXIT 0x20026u

static int32_t console __attribute__((section(".board_noinit")));

/* Written byte by byte, or the compiler would call the C library's strlen, 220 bytes of flash. */
static uint32_t length_of(const char *text)
{
    const volatile char *at = text;
    uint32_t length = 0u;
    while (at[length] != '\0') {
        length++;
    }
    return length;
}

static int32_t open_as(const char *path, uint32_t mode)
{
    const uint32_t block[3] = {(uint32_t)(uintptr_t)path, mode, length_of(path)};
    return semihost(SYS_OPEN, block);
}

/* ":tt" opened for writing is standard output; SYS_WRITE0 would go to standard error, among QEMU's own messages. */
void semihost_open_console(void)
{
    console = open_as(":tt", MODE_WRITE);
}

void board_write(const char *text)
{
    (void)board_write_bytes(console, text, length_of(text));
}

void board_write_number(int64_t value)
{
    char digits[BOARD_NUMBER_BYTES];
    board_write(board_number(digits, value));
}

void board_exit(int32_t code)
{
    const uint32_t block[2] = {STOPPED_APPLICATION_EXIT, (uint32_t)code};
    for (;;) {
        (void)semihost(SYS_EXIT_EXTENDED, block);
    }
}

int32_t board_open(const char *path)
{
    return open_as(path, MODE_READ_BINARY);
}

int32_t board_create(const char *path)
{
    return open_as(path, MODE_WRITE_BINARY);
}

/* Both operations answer with the bytes that were left over. */
static uint32_t transfer(int32_t operation, int32_t file, uintptr_t memory, uint32_t bytes)
{
    const uint32_t block[3] = {(uint32_t)file, (uint32_t)memory, bytes};
    const uint32_t left = (uint32_t)semihost(operation, block);
    return (left > bytes) ? 0u : (bytes - left);
}

uint32_t board_read(int32_t file, void *to, uint32_t bytes)
{
    return transfer(SYS_READ, file, (uintptr_t)to, bytes);
}

uint32_t board_write_bytes(int32_t file, const void *from, uint32_t bytes)
{
    return transfer(SYS_WRITE, file, (uintptr_t)from, bytes);
}

void board_close(int32_t file)
{
    const uint32_t block[1] = {(uint32_t)file};
    (void)semihost(SYS_CLOSE, block);
}
