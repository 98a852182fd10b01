/* SPDX-License-Identifier: BSD-3-Clause */
/* Each public function with each argument absent or wrong: refused as device.h says, and no crash.
 */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

#include "facts/map.h"

static unsigned failures;

void fail(const char *function, const char *argument)
{
    failures++;
    printf("# %s does not refuse a %s of NULL\n", function, argument);
}

static int no_memory(void *opaque, uint64_t ipa, void *to, size_t size)
{
    (void)opaque, (void)ipa, (void)to, (void)size;
    return -EFAULT;
}

static int sink_write(void *opaque, const void *bytes, size_t size)
{
    (void)opaque, (void)bytes, (void)size;
    return 0;
}

static void must(int ret)
{
    if (ret)
        fail("the scene", "good argument instead");
}

static void set(struct scene *s, uint32_t group, uint64_t attr, const void *payload)
{
    const struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)payload};

    must(vgic5_set_attr(s->device, &access));
}

void open_scene(struct scene *s)
{
    const uint64_t base = MAP_IRS_BASE;

    memset(s, 0, sizeof(*s));
    s->host.size = sizeof(s->host);
    s->config.size = sizeof(s->config);
    must(vgic5_create(NULL, NULL, NULL, &s->device));
    must(vgic5_add_vcpu(s->device, 3));
    s->vcpu = vgic5_vcpu(s->device, 3);
    set(s, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &base);
    set(s, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    s->attr = (struct vgic5_attr){.group = VGIC5_GRP_ADDR, .attr = VGIC5_ADDR_TYPE_IRS};
    s->attr.addr = (uintptr_t)s->words;
    s->mmio = (struct vgic5_mmio){.offset = 0x80, .size = 4};
    s->why.size = sizeof(s->why);
    vgic5_port_model(s->device, &s->port);
    s->step = vgic5_plan_step(VGIC5_ABI_V1, VGIC5_SAVE, 0);
    must(vgic5_save(&s->port, NULL, &s->state, NULL));
    s->reader = (struct vgic5_guest_reader){.size = sizeof(s->reader), .read = no_memory};
    s->options.size = sizeof(s->options);
    vgic5_conform_model(NULL, &s->ops);
    s->ops.create = NULL; /* a run that is not refused would take long */
    s->kvm.size = sizeof(s->kvm);
    s->calls.size = sizeof(s->calls);
    must(vgic5_snapshot_begin(
        &(struct vgic5_sink){.size = sizeof(struct vgic5_sink), .write = sink_write}, "a test",
        &s->writer, NULL));
}

void close_scene(struct scene *s)
{
    if (s->made)
        vgic5_destroy(s->made);
    if (s->made_state)
        vgic5_state_free(s->made_state);
    vgic5_snapshot_abort(s->writer);
    vgic5_state_free(s->state);
    vgic5_destroy(s->device);
}

int main(void)
{
    unsigned calls = call_each();

    printf("%sok 1 - each argument absent or wrong (%u calls)\n1..1\n",
           failures || calls < 100 ? "not " : "", calls);
    return failures || calls < 100;
}
