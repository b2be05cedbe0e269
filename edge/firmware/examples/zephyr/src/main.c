/* Keywords from a digital microphone (Zephyr's DMIC interface, node label dmic_dev; only checked for syntax). */
#include <zephyr/audio/dmic.h>
#include <zephyr/device.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "model_listener.h"

#define BLOCK_SAMPLES (MODEL_SAMPLE_RATE_HZ / 50U) /* 20 ms */
#define BLOCK_BYTES (BLOCK_SAMPLES * sizeof(int16_t))
/* An evaluation may take as long as the driver can go on without a free block. */
#define BLOCKS 16
#define TIMEOUT_MS 1000

K_MEM_SLAB_DEFINE_STATIC(audio_blocks, BLOCK_BYTES, BLOCKS, 4);

static model_listener_memory memory;

static int start_microphone(const struct device *microphone)
{
    struct pcm_stream_cfg stream = {
        .pcm_rate = MODEL_SAMPLE_RATE_HZ,
        .pcm_width = 16,
        .block_size = BLOCK_BYTES,
        .mem_slab = &audio_blocks,
    };
    struct dmic_cfg config = {
        .io = {.min_pdm_clk_freq = 1000000, .max_pdm_clk_freq = 3500000, .min_pdm_clk_dc = 40, .max_pdm_clk_dc = 60},
        .streams = &stream,
        .channel = {.req_num_streams = 1, .req_num_chan = 1},
    };
    config.channel.req_chan_map_lo = dmic_build_channel_map(0, 0, PDM_CHAN_LEFT);
    const int result = dmic_configure(microphone, &config);
    return (result < 0) ? result : dmic_trigger(microphone, DMIC_TRIGGER_START);
}

static void hear(const int16_t *samples, uint32_t count)
{
    drsn_verdict verdict;
    while (model_listener_push(&memory, &samples, &count, &verdict) != 0U) {
        if (verdict.detected != DRSN_NO_LABEL) {
            printk("%s %d\n", model_labels[verdict.detected], (int)((verdict.score_q16 * 100 + 32768) >> 16));
        }
    }
}

int main(void)
{
    const struct device *const microphone = DEVICE_DT_GET(DT_NODELABEL(dmic_dev));
    if (!device_is_ready(microphone) || (start_microphone(microphone) < 0)) {
        printk("no microphone\n");
        return 1;
    }
    model_listener_start(&memory);
    for (;;) {
        void *block;
        uint32_t bytes;
        if (dmic_read(microphone, 0, &block, &bytes, TIMEOUT_MS) < 0) {
            printk("samples lost\n");
            continue;
        }
        hear(block, bytes / sizeof(int16_t));
        k_mem_slab_free(&audio_blocks, block);
    }
}
