// Keywords from a PDM microphone (written for the Nano 33 BLE Sense and its PDM library; only checked for syntax).
//
// Arduino compiles what lies in the sketch's src folder. Copy the generated files there, all into the one folder:
//     mkdir src
//     cp ../../../model*.c ../../../model*.h ../../../engine/*.c ../../../engine/*.h src
#include <PDM.h>

extern "C" {
#include "src/model_listener.h"
}

/* From the interrupt to the loop: half a second, a power of two. Each index is written on one side only. */
static const uint32_t RING = 8192;
static int16_t ring[RING];
static volatile uint32_t written = 0;
static volatile uint32_t taken = 0;
static volatile bool overrun = false;

static model_listener_memory memory;

static void onSamples()
{
    static int16_t block[256];
    while (PDM.available() >= 2) {
        const int available = PDM.available();
        const int bytes = PDM.read(block, available < (int)sizeof block ? available : (int)sizeof block);
        const uint32_t count = (uint32_t)bytes / 2;
        if (RING - (written - taken) < count) {
            overrun = true; /* The loop is too slow: these samples are lost. */
            continue;
        }
        for (uint32_t i = 0; i < count; i++) {
            ring[(written + i) % RING] = block[i];
        }
        __asm__ volatile("" ::: "memory"); /* The samples are in the ring before the index says so. */
        written = written + count;
    }
}

void setup()
{
    Serial.begin(115200);
    model_listener_start(&memory);
    PDM.onReceive(onSamples);
    if (!PDM.begin(1, MODEL_SAMPLE_RATE_HZ)) {
        Serial.println("no microphone");
        while (true) {
        }
    }
}

void loop()
{
    const uint32_t at = taken % RING;
    uint32_t count = written - taken;
    if (count > RING - at) {
        count = RING - at;
    }
    const int16_t *samples = &ring[at];
    const uint32_t offered = count;
    drsn_verdict verdict;
    const bool evaluated = model_listener_push(&memory, &samples, &count, &verdict) != 0;
    __asm__ volatile("" ::: "memory"); /* They have been read before their place is given back. */
    taken = taken + (offered - count);
    if (evaluated && verdict.detected != DRSN_NO_LABEL) {
        Serial.print(model_labels[verdict.detected]);
        Serial.print(' ');
        Serial.println((verdict.score_q16 * 100L + 32768L) >> 16);
    }
    if (overrun) {
        overrun = false;
        Serial.println("samples lost");
    }
}
