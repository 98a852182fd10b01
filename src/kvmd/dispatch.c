/* SPDX-License-Identifier: BSD-3-Clause */
/* From a number to a function, by the table of ioctls. */
#include <errno.h>

#include "kvmd/internal.h"

enum needs { NOTHING, INIT };

static const struct ioctl_row {
    const char *name;
    enum kvmd_kind object;
    uint32_t request;
    enum needs needs;
    kvmd_function *function;
} rows[] = {
#define IOCTL(NAME, object, direction, number, size, needs, function) \
    {#NAME, KVMD_##object, KVMD_IOCTL(KVMD_DIR_##direction, number, size), needs, kvmd_##function},
#include "kvmd/ioctls.def"
#undef IOCTL
};

static const struct ioctl_row *row_of(enum kvmd_kind kind, uint32_t request)
{
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        if (rows[n].object == kind && rows[n].request == request)
            return &rows[n];
    }
    return NULL;
}

const char *kvmd_ioctl_of(enum kvmd_kind kind, uint32_t request)
{
    const struct ioctl_row *row = row_of(kind, request);

    return row ? row->name : NULL;
}

const char *kvmd_ioctl_name(const struct kvmd_object *object, uint32_t request)
{
    return kvmd_ioctl_of(object->kind, request);
}

const char *kvmd_ioctl_row(size_t n)
{
    return n < sizeof(rows) / sizeof(rows[0]) ? rows[n].name : NULL;
}

static int64_t carry_out(const struct ioctl_row *row, struct kvmd_call *call)
{
    int64_t ret;

    if (!call->vm)
        return row->function(call);
    turn_lock(&call->vm->lock);
    device_enter_call(call->client);
    ret = row->needs == INIT && !call->vcpu->initialised ? -ENOEXEC : row->function(call);
    device_enter_call(NULL);
    turn_unlock(&call->vm->lock);
    return ret;
}

static int64_t answer(const struct ioctl_row *row, struct kvmd_call *call, uint32_t request)
{
    if (row)
        return carry_out(row, call);
    kvmd_log(call->object->kvmd, "%s: ioctl 0x%08x is not known", kvmd_object_name(call->object),
             request);
    return -ENOTTY;
}

/* ---- Who looks on ---------------------------------------------------------------------------- */

static struct kvmd_seen seen_of(const struct ioctl_row *row, const struct kvmd_call *call,
                                uint32_t request)
{
    return (struct kvmd_seen){.object = kvmd_object_name(call->object),
                              .vm = call->vm ? call->vm->number : 0,
                              .vcpu = call->vcpu ? (int64_t)call->vcpu->id : -1,
                              .name = row ? row->name : NULL,
                              .request = request,
                              .argument = call->argument,
                              .client = call->client,
                              .run = call->vcpu ? call->vcpu->run : NULL};
}

static void answer_observed(const struct ioctl_row *row, struct kvmd_call *call, uint32_t request)
{
    const struct kvmd_config *config = &call->object->kvmd->config;
    const struct kvmd_observer *observer = config->observer;
    struct kvmd_seen seen = seen_of(row, call, request);

    if (observer->before)
        seen.value = observer->before(config->opaque, &seen);
    if (seen.value == 0)
        seen.value = answer(row, call, request);
    call->reply->value = seen.value;
    if (observer->after)
        observer->after(config->opaque, &seen);
}

void kvmd_ioctl(struct kvmd_object *object, const struct kvmd_client *client, uint32_t request,
                uint64_t argument, struct kvmd_reply *reply)
{
    const struct ioctl_row *row = row_of(object->kind, request);
    struct kvmd_call call = {.object = object,
                             .vm = object->vm,
                             .vcpu = object->vcpu,
                             .client = client,
                             .argument = argument,
                             .reply = reply};

    *reply = (struct kvmd_reply){.value = -ENOTTY};
    object_get(object);
    if (object->kvmd->config.observer)
        answer_observed(row, &call, request);
    else
        reply->value = answer(row, &call, request);
    object_put(object);
}
