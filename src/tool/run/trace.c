/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/run/trace.h"

#include <errno.h>
#include <inttypes.h>

#include "facts/registers.h"

static const char *name_of(uint16_t encoding)
{
    const struct cpu_register *reg = cpu_register_of(encoding);
    const struct gic_instruction *instruction = gic_instruction_of(encoding);

    if (instruction)
        return instruction->name;
    return reg ? reg->name : "?";
}

static void write_access(void *opaque, uint64_t executed, uint32_t vcpu_id, uint16_t encoding,
                         bool is_write, uint64_t value)
{
    struct trace *trace = opaque;
    int written;

    if (trace->error != 0)
        return;
    written = fprintf(trace->to,
                      "{\"instructions\": \"0x%" PRIx64 "\", \"value\": \"0x%" PRIx64
                      "\", \"vcpu\": %" PRIu32 ", \"what\": \"%s\", \"write\": %s}\n",
                      executed, value, vcpu_id, name_of(encoding), is_write ? "true" : "false");
    if (written < 0)
        trace->error = errno;
}

int trace_open(struct trace *trace, const char *path)
{
    *trace = (struct trace){NULL, 0};
    if (!path)
        return 0;
    trace->to = fopen(path, "we");
    return trace->to ? 0 : -errno;
}

int trace_close(struct trace *trace)
{
    if (trace->to && fclose(trace->to) != 0 && trace->error == 0)
        trace->error = errno;
    trace->to = NULL;
    return trace->error;
}

struct machine_trace trace_sink(struct trace *trace)
{
    return (struct machine_trace){.access = trace->to ? write_access : NULL, .opaque = trace};
}
