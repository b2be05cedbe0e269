"""The fixed part of the generated window files; ``@low@`` and ``@up@`` stand for the prefix."""

from __future__ import annotations

from .signal_text import Calls

WINDOW_CALLS = Calls(
    declarations="""\
extern const drsn_window @low@_window;

/* All memory of a monitor; the caller owns it. Any number may be in use at once. */
typedef struct {
    drsn_window_state state;
    @low@_state model;
    int16_t history[@up@_N_SAMPLES];
} @low@_window_memory;

/* Before a stream. */
void @low@_window_start(@low@_window_memory *memory);

/* Takes samples until the model has been evaluated (returns 1) or none are left (returns 0); moves *samples and *count
 * on. Call until it returns 0; *outputs are the model's, valid until the next call. */
uint32_t @low@_window_push(@low@_window_memory *memory, const int16_t **samples, uint32_t *count,
                           const int8_t **outputs);""",
    before="",
    functions="""\
void @low@_window_start(@low@_window_memory *memory)
{
    drsn_window_start(&@low@_window, &memory->state, memory->history);
}

uint32_t @low@_window_push(@low@_window_memory *memory, const int16_t **samples, uint32_t *count,
                           const int8_t **outputs)
{
    uint32_t complete = drsn_window_push(&@low@_window, &memory->state, samples, count, @low@_input(&memory->model));

    if (complete != 0U) {
        @low@_invoke(&memory->model);
        *outputs = @low@_output(&memory->model);
    }
    return complete;
}""",
)

CHANNELS_CALLS = Calls(
    declarations="""\
extern const drsn_channels @low@_window;

/* All memory of a monitor; the caller owns it. Any number may be in use at once. */
typedef struct {
    drsn_window_state state;
    /* The channels are made where the model works, in turns. */
    union {
        @low@_state model;
        struct {
            drsn_bin scratch[@up@_SCRATCH];
            int8_t channels[@up@_N_POINTS * @up@_N_CHANNELS];
        } front;
    } work;
    int16_t history[@up@_N_SAMPLES];
} @low@_window_memory;

/* Before a stream. */
void @low@_window_start(@low@_window_memory *memory);

/* Takes samples until the model has been evaluated (returns 1) or none are left (returns 0); moves *samples and *count
 * on. Call until it returns 0; *outputs are the model's, valid until the next call. */
uint32_t @low@_window_push(@low@_window_memory *memory, const int16_t **samples, uint32_t *count,
                           const int8_t **outputs);""",
    before="",
    functions="""\
void @low@_window_start(@low@_window_memory *memory)
{
    drsn_window_start(&@low@_window.window, &memory->state, memory->history);
}

uint32_t @low@_window_push(@low@_window_memory *memory, const int16_t **samples, uint32_t *count,
                           const int8_t **outputs)
{
    int8_t *channels = memory->work.front.channels;
    uint32_t complete =
        drsn_channels_push(&@low@_window, &memory->state, samples, count, memory->work.front.scratch, channels);

    if (complete != 0U) {
        drsn_channels_move(@low@_input(&memory->work.model), channels,
                           (uint32_t)sizeof(memory->work.front.channels));
        @low@_invoke(&memory->work.model);
        *outputs = @low@_output(&memory->work.model);
    }
    return complete;
}""",
)
