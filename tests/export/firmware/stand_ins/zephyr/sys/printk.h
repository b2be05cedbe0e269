/* Stand-in for a syntax check. */
__attribute__((format(printf, 1, 2))) void printk(const char *format, ...);
