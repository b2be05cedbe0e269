/* Prints what print.h makes of averages and times: print_check SMOOTHING RATE STEP */
#include "print.h"

static uint64_t number(const char *text)
{
    uint64_t value = 0u;
    for (const char *at = text; *at != '\0'; at++) {
        value = (value * 10u) + (uint64_t)(*at - '0');
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        return 2;
    }
    const uint64_t smoothing = number(argv[1]);
    for (uint64_t sum = 0u; sum <= (255u * smoothing); sum++) {
        print_hundredths(print_ten_thousandths(sum << 23, smoothing << 31));
        board_write("\n");
    }
    for (uint64_t i = 0u; i < 20000u; i++) {
        print_hundredths(print_ten_thousandths(i * number(argv[3]), number(argv[2])));
        board_write("\n");
    }
    print_fixed(-123456, 4u);
    board_write("\n");
    print_fixed(5, 3u);
    board_write("\n");
    return 0;
}
