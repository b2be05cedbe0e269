/* Stand-in for a syntax check. */
#include <stdint.h>
struct k_mem_slab {
    int unused;
};
#define K_MEM_SLAB_DEFINE_STATIC(name, bytes, count, align) static struct k_mem_slab name = {(int)((bytes) * (count))}
void k_mem_slab_free(struct k_mem_slab *slab, void *block);
