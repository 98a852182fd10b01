/* SPDX-License-Identifier: BSD-3-Clause */
#include "migration/ist_payload.h"

#include <errno.h>
#include <string.h>

union payload {
    struct vgic5_ist buffers;
    uint32_t spis[VGIC5_NR_SPIS_MAX];
};
_Static_assert(sizeof(union payload) >= 4096, "kvm-abi §1");

/* No entry reads so: its reserved bits are 0. */
#define NOBODY UINT32_MAX

static union payload descriptor_of(const struct ist_images *images)
{
    union payload payload;

    memset(&payload, 0xff, sizeof(payload));
    payload.buffers.spi_ist_addr = (uintptr_t)images->spis;
    payload.buffers.spi_ist_size = UINT64_C(4) * images->nr_spis;
    payload.buffers.lpi_ist_addr = (uintptr_t)images->lpis;
    payload.buffers.lpi_ist_size = UINT64_C(4) * images->nr_lpis;
    return payload;
}

/* A device of v1 has taken the descriptor for room for its entries, of which there are 32. */
static bool was_filled(const union payload *payload)
{
    size_t after = sizeof(payload->buffers) / sizeof(payload->spis[0]);

    return payload->spis[after] != NOBODY;
}

/* The VM may be woken while it is quiesced; how often that is worth another try is bounded. */
static int get(struct engine *engine, void *payload)
{
    for (uint32_t attempt = 1;; attempt++) {
        int ret = engine_try(engine, false, VGIC5_GRP_IST, 0, payload);

        if (ret == 0)
            return 0;
        if (ret == -EINVAL && engine->port->abi == VGIC5_ABI_V1)
            return engine_wrong_generation(engine, VGIC5_ABI_7_4); /* v1 has nothing to refuse */
        if (ret != -EBUSY)
            return engine_fail(engine, ret, "the device answers %s", error_name(ret));
        if (attempt > engine->options.ist_retries)
            return engine_fail(engine, ret, "EBUSY %u times: the VM did not stay quiet", attempt);
        if (engine->options.wait) {
            ret = engine->options.wait(engine->options.opaque, attempt);
            if (ret)
                return engine_fail(engine, ret < 0 ? ret : -ret, "given up after %u tries",
                                   attempt);
        }
    }
}

int ist_payload_get(struct engine *engine, const struct ist_images *images)
{
    union payload payload = descriptor_of(images);
    int ret;

    if (engine->port->abi == VGIC5_ABI_V1)
        return get(engine, images->spis);
    ret = get(engine, &payload);
    return ret == 0 && was_filled(&payload) ? engine_wrong_generation(engine, VGIC5_ABI_V1) : ret;
}

int ist_payload_set(struct engine *engine, const struct ist_images *images)
{
    union payload payload = descriptor_of(images);

    return engine_set(engine, VGIC5_GRP_IST, 0,
                      engine->port->abi == VGIC5_ABI_V1 ? (void *)images->spis : &payload);
}

int ist_payload_probe(const struct vgic5_port *port, uint32_t *abi)
{
    union payload payload = {.spis = {0}};
    struct vgic5_attr access = {.group = VGIC5_GRP_IST, .addr = (uintptr_t)&payload};
    int ret = port->get_attr(port->opaque, &access);

    if (ret != 0 && ret != -EINVAL)
        return ret;
    *abi = ret == 0 ? VGIC5_ABI_V1 : VGIC5_ABI_7_4;
    return 0;
}
