/* board.h on an ordinary computer, so that every example and every test runs there too. */
#include <stdio.h>
#include <stdlib.h>

#include "board.h"
#include "number.h"

#define FILES 16

static FILE *files[FILES];

void board_write(const char *text)
{
    (void)fputs(text, stdout);
}

void board_write_number(int64_t value)
{
    char digits[BOARD_NUMBER_BYTES];
    board_write(board_number(digits, value));
}

void board_exit(int32_t code)
{
    exit((int)code);
}

static int32_t open_as(const char *path, const char *mode)
{
    for (int32_t i = 0; i < FILES; i++) {
        if (files[i] == NULL) {
            files[i] = fopen(path, mode);
            return (files[i] == NULL) ? -1 : i;
        }
    }
    return -1;
}

int32_t board_open(const char *path)
{
    return open_as(path, "rb");
}

int32_t board_create(const char *path)
{
    return open_as(path, "wb");
}

static FILE *opened(int32_t file)
{
    return ((file >= 0) && (file < FILES)) ? files[file] : NULL;
}

uint32_t board_read(int32_t file, void *to, uint32_t bytes)
{
    FILE *const stream = opened(file);
    return (stream == NULL) ? 0u : (uint32_t)fread(to, 1u, bytes, stream);
}

uint32_t board_write_bytes(int32_t file, const void *from, uint32_t bytes)
{
    FILE *const stream = opened(file);
    return (stream == NULL) ? 0u : (uint32_t)fwrite(from, 1u, bytes, stream);
}

void board_close(int32_t file)
{
    FILE *const stream = opened(file);
    if (stream != NULL) {
        (void)fclose(stream);
        files[file] = NULL;
    }
}

uint64_t board_instructions(void)
{
    return 0u;
}

uint32_t board_stack_high_water(void)
{
    return 0u;
}

void board_stack_paint(void)
{
}
