/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/panic.h"

#include <errno.h>
#include <string.h>

#include "machine/machine_parts.h"
#include "machine/snapshot_fields.h"

/* Instructions, over all vCPUs: time also passes while the host does something else. */
#define CERTAIN_AFTER UINT64_C(100000000)

static const char line[] = "---[ end Kernel panic - not syncing";

#define LENGTH (sizeof(line) - 1)

size_t text_match(const char *text, size_t matched, char byte)
{
    for (size_t n = matched; n != SIZE_MAX; n--)
        if (text[n] == byte && memcmp(text, text + matched - n, n) == 0)
            return n + 1;
    return 0;
}

void panic_printed(struct panic_watch *watch, uint8_t byte, uint32_t vcpu)
{
    watch->since = 0; /* after a panic nothing more is printed */
    watch->matched = text_match(line, watch->matched, (char)byte);
    if (watch->matched < LENGTH)
        return;
    watch->matched = 0;
    watch->vcpu = (uint64_t)vcpu + 1;
}

void panic_program_runs(struct panic_watch *watch)
{
    watch->vcpu = watch->since = 0;
}

void panic_vcpu_waits(struct panic_watch *watch, uint32_t vcpu)
{
    if (watch->vcpu == (uint64_t)vcpu + 1)
        watch->vcpu = watch->since = 0;
}

/* Between check points the count depends on how the engine is run: it starts at one. */
bool panic_is_certain(struct panic_watch *watch, uint32_t vcpu, uint64_t instructions)
{
    if (watch->vcpu != (uint64_t)vcpu + 1)
        return false;
    if (watch->since == 0)
        watch->since = instructions;
    return instructions - watch->since >= CERTAIN_AFTER;
}

int panic_save(const struct panic_watch *watch, struct vgic5_fields *fields)
{
    vgic5_fields_put_u64(fields, "MATCHED", 0, watch->matched);
    vgic5_fields_put_u64(fields, "VCPU", 0, watch->vcpu);
    vgic5_fields_put_u64(fields, "SINCE", 0, watch->since);
    return vgic5_fields_error(fields);
}

int panic_load(struct panic_watch *watch, const struct vgic5_fields *fields,
               struct vgic5_error *error)
{
    struct panic_watch loaded;
    int ret = vgic5_fields_get_u64(fields, "panic", "MATCHED", &loaded.matched, error);

    if (ret == 0)
        ret = vgic5_fields_get_u64(fields, "panic", "VCPU", &loaded.vcpu, error);
    if (ret == 0)
        ret = vgic5_fields_get_u64(fields, "panic", "SINCE", &loaded.since, error);
    if (ret == 0)
        ret = fields_expect_count(fields, "panic", 3, error);
    if (ret == 0 && loaded.matched >= LENGTH)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "panic MATCHED is %llu, expected less than %zu",
                         (unsigned long long)loaded.matched, LENGTH);
    if (ret == 0)
        *watch = loaded;
    return ret;
}
