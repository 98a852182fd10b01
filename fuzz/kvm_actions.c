/* SPDX-License-Identifier: BSD-3-Clause */
/* What the VMM may do; a byte of the input says which, those after it with what. */
#include "kvm_actions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vgic5/device.h>

#include "facts/map.h"
#include "kvmd/uapi.h"

#define RAM UINT64_C(0x80000000)
#define PAGE UINT64_C(4096)

/* ---- Calls ----------------------------------------------------------------------------------- */

static void complain(const struct fuzz_vmm *vmm, const char *what, uint32_t request, int64_t answer,
                     int64_t foretold)
{
    fprintf(stderr, "fuzz: action %u: ioctl 0x%08" PRIx32 " answers %" PRId64 ": %s", vmm->actions,
            request, answer, what);
    if (foretold != UNKNOWN)
        fprintf(stderr, " %" PRId64, foretold);
    fprintf(stderr, "\n");
    fuzz_failed();
}

static bool is_an_answer(int64_t value)
{
    static const int errnos[] = {EFAULT, EINVAL, ENOTTY, ENOEXEC, EEXIST, ENOENT,
                                 EBUSY,  ENXIO,  ENODEV, EBADF,   E2BIG,  EINTR,
                                 EAGAIN, EPERM,  ENOMEM, ENOTSUP, EIO};

    for (size_t n = 0; n < sizeof(errnos) / sizeof(errnos[0]); n++) {
        if (value == -errnos[n])
            return true;
    }
    return value >= 0;
}

/* Its answer; what came of it is in vmm->reply. */
static int64_t call(struct fuzz_vmm *vmm, const struct thing *thing, uint32_t request,
                    uint64_t argument, int64_t foretold)
{
    struct kvmd_reply *reply = &vmm->reply;

    memory.faulted = false;
    memory.looks = 0;
    kvmd_ioctl(thing->object, &vmm_client, request, argument, reply);
    if (!is_an_answer(reply->value))
        complain(vmm, "no answer of KVM's", request, reply->value, UNKNOWN);
    if (reply->made && reply->value < 0)
        complain(vmm, "and yet something was made", request, reply->value, UNKNOWN);
    if (reply->value == -EIO && request != KVM_RUN)
        complain(vmm, "that is KVM_RUN's alone", request, reply->value, UNKNOWN);
    if (foretold != UNKNOWN && !memory.faulted && reply->value != foretold)
        complain(vmm, "the model says", request, reply->value, foretold);
    return reply->value;
}

/* The argument's structure, where ioctls may read it; now and then it is not all there. */
static uint64_t put(struct fuzz_vmm *vmm, const void *bytes, size_t size)
{
    if (one_in(&vmm->input, 64))
        return (uintptr_t)memory.arena + ARENA_SIZE - size / 2;
    memcpy(memory.arena, bytes, size);
    return (uintptr_t)memory.arena;
}

static bool is_whole(uint64_t argument)
{
    return argument == (uintptr_t)memory.arena;
}

static int64_t call_with(struct fuzz_vmm *vmm, const struct thing *thing, uint32_t request,
                         const void *bytes, size_t size, int64_t foretold)
{
    uint64_t argument = put(vmm, bytes, size);

    if (!is_whole(argument) && foretold != -ENOEXEC)
        foretold = -EFAULT;
    return call(vmm, thing, request, argument, foretold);
}

/* ---- Choosing -------------------------------------------------------------------------------- */

static struct thing *some(struct fuzz_vmm *vmm, enum thing_kind kind)
{
    unsigned first = (unsigned)fuzz_take(&vmm->input, 1);

    for (unsigned n = 0; n < MOST_THINGS; n++) {
        struct thing *thing = &vmm->model.things[(first + n) % MOST_THINGS];

        if (thing->object && thing->kind == kind)
            return thing;
    }
    return NULL;
}

static bool is_full(const struct fuzz_vmm *vmm)
{
    for (unsigned n = 0; n < MOST_THINGS; n++) {
        if (!vmm->model.things[n].object)
            return false;
    }
    return true;
}

static uint64_t some_value(struct fuzz_vmm *vmm)
{
    switch (fuzz_take(&vmm->input, 1) % 5) {
    case 0:
        return fuzz_take(&vmm->input, 1) % 16;
    case 1:
        return RAM + (fuzz_take(&vmm->input, 2) & ~UINT64_C(3));
    case 2:
        return UINT64_MAX << fuzz_take(&vmm->input, 1) % 64;
    case 3:
        return fuzz_take(&vmm->input, 2);
    default:
        return fuzz_take(&vmm->input, 8);
    }
}

static uint64_t in_arena(struct fuzz_vmm *vmm)
{
    return one_in(&vmm->input, 16)
               ? some_value(vmm)
               : (uintptr_t)memory.arena + 0x1000 + fuzz_take(&vmm->input, 1) * 8;
}

/* ---- Making and closing ---------------------------------------------------------------------- */

static void do_open(struct fuzz_vmm *vmm)
{
    struct kvmd_object *object;

    if (!is_full(vmm) && kvmd_open(vmm->kvmd, &object) == 0)
        thing_is_made(&vmm->model, object, THING_SYSTEM, NULL);
}

static struct model_vm *free_vm(struct fuzz_vmm *vmm)
{
    for (unsigned n = 0; n < MOST_VMS; n++) {
        if (!vmm->model.vms[n].open)
            return &vmm->model.vms[n];
    }
    return NULL;
}

static void do_create_vm(struct fuzz_vmm *vmm)
{
    const struct thing *system = some(vmm, THING_SYSTEM);
    struct model_vm *vm = free_vm(vmm);
    uint64_t type = one_in(&vmm->input, 4) ? fuzz_take(&vmm->input, 1) : 0;

    if (!system || !vm || is_full(vmm))
        return;
    if (call(vmm, system, KVMD_IOCTL(KVMD_DIR_NONE, 1, 0), type, foretell_vm(type)) < 0)
        return;
    vm->ipa_bits = (uint8_t)(type ? type : 40);
    thing_is_made(&vmm->model, vmm->reply.made, THING_VM, vm);
}

static void map_run(struct thing *vcpu)
{
    void *at =
        mmap(NULL, KVMD_RUN_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, kvmd_file(vcpu->object), 0);

    vcpu->run = at == MAP_FAILED ? NULL : at;
}

static void do_create_vcpu(struct fuzz_vmm *vmm)
{
    struct thing *vm = some(vmm, THING_VM);
    uint64_t id = one_in(&vmm->input, 16) ? some_value(vmm) : fuzz_take(&vmm->input, 1) % 6;

    if (!vm || is_full(vmm))
        return;
    if (call(vmm, vm, KVMD_IOCTL(KVMD_DIR_NONE, 0x41, 0), id, foretell_vcpu(vm->vm, id)) < 0)
        return;
    vm->vm->vcpus[id] = true;
    map_run(thing_is_made(&vmm->model, vmm->reply.made, THING_VCPU, vm->vm));
}

static void do_create_device(struct fuzz_vmm *vmm)
{
    struct kvm_create_device device = {.type = VGIC5_DEV_TYPE};
    struct thing *vm = some(vmm, THING_VM);

    if (one_in(&vmm->input, 8))
        device.type = (uint32_t)fuzz_take(&vmm->input, 1);
    if (one_in(&vmm->input, 8))
        device.flags = (uint32_t)fuzz_take(&vmm->input, 1);
    if (!vm || is_full(vmm))
        return;
    if (call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_BOTH, 0xe0, 12), &device, sizeof(device),
                  foretell_device(vm->vm, &device)) < 0 ||
        !vmm->reply.made)
        return;
    vm->vm->has_device = true;
    thing_is_made(&vmm->model, vmm->reply.made, THING_DEVICE, vm->vm);
}

void close_thing(struct thing *thing)
{
    if (thing->run)
        munmap(thing->run, KVMD_RUN_PAGES);
    thing_is_closed(thing);
}

static void do_close(struct fuzz_vmm *vmm)
{
    struct thing *thing = &vmm->model.things[fuzz_take(&vmm->input, 1) % MOST_THINGS];

    if (thing->object && one_in(&vmm->input, 4))
        close_thing(thing);
}

/* ---- Of a VM --------------------------------------------------------------------------------- */

static void some_region(struct fuzz_vmm *vmm, struct kvm_userspace_memory_region *r)
{
    uint64_t page = fuzz_take(&vmm->input, 1);

    *r = (struct kvm_userspace_memory_region){.slot = (uint32_t)fuzz_take(&vmm->input, 1) % 4,
                                              .flags = (uint32_t)fuzz_take(&vmm->input, 1) & 3,
                                              .guest_phys_addr = RAM,
                                              .memory_size = RAM_SIZE,
                                              .userspace_addr = (uintptr_t)memory.ram};
    if (one_in(&vmm->input, 2)) {
        r->guest_phys_addr += page * PAGE;
        r->userspace_addr += page * PAGE;
        r->memory_size = fuzz_take(&vmm->input, 1) % 32 * PAGE;
    }
    if (one_in(&vmm->input, 32)) {
        r->guest_phys_addr = UINT64_C(1) << 36;
        r->userspace_addr = (uintptr_t)memory.big;
        r->memory_size = BIG_SIZE;
    }
    if (one_in(&vmm->input, 32)) {
        __u64 *const fields[] = {&r->guest_phys_addr, &r->userspace_addr, &r->memory_size};

        *fields[page % 3] = some_value(vmm);
    }
}

static void do_region(struct fuzz_vmm *vmm)
{
    struct thing *vm = some(vmm, THING_VM);
    struct kvmd_memory_region2 second = {0};
    struct kvm_userspace_memory_region r;
    bool is_second = one_in(&vmm->input, 4);
    int64_t ret;

    some_region(vmm, &r);
    memcpy(&second, &r, sizeof(r));
    if (!vm)
        return;
    ret = is_second ? call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_WRITE, 0x49, 160), &second,
                                sizeof(second), foretell_region(vm->vm, &r))
                    : call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_WRITE, 0x46, 32), &r, sizeof(r),
                                foretell_region(vm->vm, &r));
    if (ret == 0)
        region_was_set(vm->vm, &r);
}

static void do_dirty_log(struct fuzz_vmm *vmm)
{
    const struct thing *vm = some(vmm, THING_VM);
    const struct kvm_dirty_log log = {.slot = (uint32_t)fuzz_take(&vmm->input, 1) % 4,
                                      .dirty_bitmap = (void *)(uintptr_t)in_arena(vmm)};
    const struct kvm_clear_dirty_log clear = {.slot = log.slot,
                                              .num_pages = (uint32_t)fuzz_take(&vmm->input, 1) * 2,
                                              .first_page = fuzz_take(&vmm->input, 1) % 4 * 64,
                                              .dirty_bitmap = log.dirty_bitmap};
    int64_t foretold = UNKNOWN;

    if (!vm)
        return;
    if (!(vm->vm->slots[log.slot].flags & KVM_MEM_LOG_DIRTY_PAGES) || !vm->vm->slots[log.slot].used)
        foretold = -ENOENT;
    if (one_in(&vmm->input, 2))
        call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_WRITE, 0x42, 16), &log, sizeof(log), foretold);
    else
        call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_BOTH, 0xc0, 24), &clear, sizeof(clear), foretold);
}

static void do_enable_cap(struct fuzz_vmm *vmm)
{
    static const uint32_t caps[] = {168, 216, 239, 0};
    const struct thing *vm = some(vmm, THING_VM);
    struct kvm_enable_cap cap = {.cap = caps[fuzz_take(&vmm->input, 1) % 4]};

    cap.args[0] = fuzz_take(&vmm->input, 1) % 5;
    if (vm)
        call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_WRITE, 0xa3, 104), &cap, sizeof(cap), UNKNOWN);
}

/* ---- Wires ----------------------------------------------------------------------------------- */

static void do_irq_line(struct fuzz_vmm *vmm)
{
    const struct thing *vm = some(vmm, THING_VM);
    struct kvm_irq_level line = {.irq = (uint32_t)(fuzz_take(&vmm->input, 1) % 8) << 24,
                                 .level = (uint32_t)fuzz_take(&vmm->input, 1) & 1};

    line.irq |=
        (uint32_t)(one_in(&vmm->input, 16) ? fuzz_take(&vmm->input, 3) : fuzz_take(&vmm->input, 1));
    if (vm)
        call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_WRITE, 0x61, 8), &line, sizeof(line), UNKNOWN);
}

static void do_irqfd(struct fuzz_vmm *vmm)
{
    const struct thing *vm = some(vmm, THING_VM);
    const struct kvm_irqfd request = {.fd = (uint32_t)fuzz_take(&vmm->input, 1) % (NR_FDS + 1),
                                      .gsi = (uint32_t)fuzz_take(&vmm->input, 1) % 40,
                                      .flags = one_in(&vmm->input, 8)   ? 2
                                               : one_in(&vmm->input, 2) ? 1
                                                                        : 0};

    if (vm)
        call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_WRITE, 0x76, 32), &request, sizeof(request),
                  UNKNOWN);
}

static void do_ioeventfd(struct fuzz_vmm *vmm)
{
    const struct thing *vm = some(vmm, THING_VM);
    struct kvm_ioeventfd request = {.datamatch = fuzz_take(&vmm->input, 1) % 4,
                                    .addr = 0x10000000 + fuzz_take(&vmm->input, 1) % 4 * 8,
                                    .len = (uint32_t)fuzz_take(&vmm->input, 1) % 10,
                                    .fd = (int32_t)(fuzz_take(&vmm->input, 1) % (NR_FDS + 1)),
                                    .flags = (uint32_t)fuzz_take(&vmm->input, 1) & 0xd};

    if (vm)
        call_with(vmm, vm, KVMD_IOCTL(KVMD_DIR_WRITE, 0x79, 64), &request, sizeof(request),
                  UNKNOWN);
}

static void do_signal(struct fuzz_vmm *vmm)
{
    const uint64_t one = 1;
    int fd = memory.fds[fuzz_take(&vmm->input, 1) % 4];

    if (write(fd, &one, sizeof(one)) != sizeof(one))
        return;
}

static void do_routing(struct fuzz_vmm *vmm)
{
    const struct thing *vm = some(vmm, THING_VM);
    struct {
        uint32_t nr, flags; /* struct kvm_irq_routing */
        struct kvm_irq_routing_entry entries[4];
    } routing = {.nr = (uint32_t)fuzz_take(&vmm->input, 1) % 5};

    for (unsigned n = 0; n < 4; n++) {
        routing.entries[n].gsi = (uint32_t)fuzz_take(&vmm->input, 1) % 40;
        routing.entries[n].type =
            one_in(&vmm->input, 8) ? (uint32_t)fuzz_take(&vmm->input, 1) % 4 : 1;
        routing.entries[n].u.irqchip.pin = (uint32_t)fuzz_take(&vmm->input, 1);
    }
    if (one_in(&vmm->input, 32))
        routing.nr = (uint32_t)fuzz_take(&vmm->input, 2);
    if (vm)
        call(vmm, vm, KVMD_IOCTL(KVMD_DIR_WRITE, 0x6a, 8), put(vmm, &routing, sizeof(routing)),
             UNKNOWN);
}

/* ---- Of a device ----------------------------------------------------------------------------- */

static const uint16_t irs_offsets[] = {VGIC5_IRS_IDR0,      VGIC5_IRS_CR0,      VGIC5_IRS_SPI_SELR,
                                       VGIC5_IRS_SPI_CFGR,  VGIC5_IRS_PE_SELR,  VGIC5_IRS_PE_CR0,
                                       VGIC5_IRS_IST_BASER, VGIC5_IRS_IST_CFGR, VGIC5_IRS_DEVARCH};

static uint64_t some_attr(struct fuzz_vmm *vmm, uint32_t group)
{
    uint64_t which = fuzz_take(&vmm->input, 1);

    if (which >= 0xf8)
        return fuzz_take(&vmm->input, 8);
    if (group == VGIC5_GRP_IRS_REGS)
        return irs_offsets[which % (sizeof(irs_offsets) / sizeof(irs_offsets[0]))];
    if (group == VGIC5_GRP_CPU_SYSREGS)
        return VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu((uint32_t)which % 6), VGIC5_ICC_CR0);
    return group == VGIC5_GRP_ADDR ? VGIC5_ADDR_TYPE_IRS : which % 3;
}

static uint64_t some_payload(struct fuzz_vmm *vmm, uint32_t group)
{
    if (one_in(&vmm->input, 4))
        return some_value(vmm);
    if (group == VGIC5_GRP_ADDR)
        return MAP_IRS_BASE;
    return group == VGIC5_GRP_NR_IRQS ? 64 : fuzz_take(&vmm->input, 1);
}

static void do_attribute(struct fuzz_vmm *vmm)
{
    static const uint32_t groups[] = {VGIC5_GRP_ADDR,     VGIC5_GRP_NR_IRQS,     VGIC5_GRP_CTRL,
                                      VGIC5_GRP_IRS_REGS, VGIC5_GRP_CPU_SYSREGS, VGIC5_GRP_IST};
    const struct thing *device = some(vmm, THING_DEVICE);
    struct vgic5_attr attr = {.group = groups[fuzz_take(&vmm->input, 1) % 6],
                              .addr = (uintptr_t)memory.arena + 0x1000};
    uint32_t request = KVMD_IOCTL(KVMD_DIR_WRITE, 0xe1 + fuzz_take(&vmm->input, 1) % 3, 24);
    uint64_t payload[4] = {some_payload(vmm, attr.group), 256, 0, 0};

    attr.attr = some_attr(vmm, attr.group);
    if (attr.group == VGIC5_GRP_IST && one_in(&vmm->input, 2))
        payload[0] = (uintptr_t)memory.arena + 0x2000;
    memcpy(memory.arena + 0x1000, payload, sizeof(payload));
    if (one_in(&vmm->input, 16))
        attr.addr = some_value(vmm);
    if (device)
        call_with(vmm, device, request, &attr, sizeof(attr), UNKNOWN);
}

/* ---- Of a vCPU ------------------------------------------------------------------------------- */

static void do_init(struct fuzz_vmm *vmm)
{
    struct thing *vcpu = some(vmm, THING_VCPU);
    uint32_t words[8] = {5, 4 | (uint32_t)fuzz_take(&vmm->input, 1) % 2};

    if (one_in(&vmm->input, 16))
        words[fuzz_take(&vmm->input, 1) % 8] = (uint32_t)fuzz_take(&vmm->input, 1);
    if (vcpu && call_with(vmm, vcpu, KVMD_IOCTL(KVMD_DIR_WRITE, 0xae, 32), words, sizeof(words),
                          foretell_init(vcpu, words)) == 0) {
        vcpu->initialised = true;
        vcpu->features = words[1];
    }
}

static uint64_t some_register(struct fuzz_vmm *vmm)
{
    uint64_t which = fuzz_take(&vmm->input, 1);

    if (which < 0x40) /* X0 … PC, PSTATE, in units of 32 bits */
        return UINT64_C(0x6030000000100000) | (which % 40) * 2;
    if (which < 0xc0 && vmm->nr_registers)
        return vmm->registers[fuzz_take(&vmm->input, 2) % vmm->nr_registers];
    if (which < 0xf0)
        return UINT64_C(0x6030000000130000) | fuzz_take(&vmm->input, 2);
    return fuzz_take(&vmm->input, 8);
}

/* They go on by themselves. */
static bool is_counter(uint64_t id)
{
    uint32_t encoding = id & 0xffff;

    return (encoding & ~0x0007u) == VGIC5_ENCODING(3, 3, 14, 0, 0) ||
           (encoding & ~0x007fu) == VGIC5_ENCODING(3, 3, 14, 0, 0);
}

/* A set that is refused changes nothing; one that is taken can be read, and set again. */
static void do_one_reg(struct fuzz_vmm *vmm)
{
    const uint32_t get = KVMD_IOCTL(KVMD_DIR_WRITE, 0xab, 16);
    const uint32_t set = KVMD_IOCTL(KVMD_DIR_WRITE, 0xac, 16);
    const struct thing *vcpu = some(vmm, THING_VCPU);
    const struct kvm_one_reg reg = {some_register(vmm), in_arena(vmm)};
    uint64_t value = some_value(vmm), *bytes = (void *)(memory.arena + 0x3000);
    const struct kvm_one_reg look = {reg.id, (uintptr_t)bytes};
    uint64_t before[2];
    int64_t was;

    if (!vcpu)
        return;
    was = call_with(vmm, vcpu, get, &look, sizeof(look), vcpu->initialised ? UNKNOWN : -ENOEXEC);
    memcpy(before, bytes, sizeof(before));
    bytes[0] = value;
    if (was != 0 || call_with(vmm, vcpu, set, &reg, sizeof(reg), UNKNOWN) == 0)
        return;
    if (call_with(vmm, vcpu, get, &look, sizeof(look), UNKNOWN) == 0 && !is_counter(reg.id) &&
        memcmp(before, bytes, 4) != 0)
        complain(vmm, "a refused set has changed it", set, (int64_t)bytes[0], (int64_t)before[0]);
}

static void do_reg_list(struct fuzz_vmm *vmm)
{
    const struct thing *vcpu = some(vmm, THING_VCPU);
    uint64_t *list = (void *)memory.arena, room = one_in(&vmm->input, 4) ? 3 : 512;

    if (!vcpu || call_with(vmm, vcpu, KVMD_IOCTL(KVMD_DIR_BOTH, 0xb0, 8), &room, sizeof(room),
                           !vcpu->initialised ? -ENOEXEC
                           : room < 512       ? -E2BIG
                                              : 0) != 0)
        return;
    vmm->nr_registers = list[0];
    memcpy(vmm->registers, list + 1, list[0] * sizeof(list[0]));
}

static void do_mp_state(struct fuzz_vmm *vmm)
{
    const struct thing *vcpu = some(vmm, THING_VCPU);
    const uint32_t states[] = {0, 3, 10, (uint32_t)fuzz_take(&vmm->input, 1)};
    const uint32_t state = states[fuzz_take(&vmm->input, 1) % 4];

    if (vcpu && one_in(&vmm->input, 2))
        call_with(vmm, vcpu, KVMD_IOCTL(KVMD_DIR_READ, 0x98, 4), &state, sizeof(state), 0);
    else if (vcpu)
        call_with(vmm, vcpu, KVMD_IOCTL(KVMD_DIR_WRITE, 0x99, 4), &state, sizeof(state), UNKNOWN);
}

static void do_run(struct fuzz_vmm *vmm)
{
    struct thing *vcpu = some(vmm, THING_VCPU);
    int64_t ret;

    if (!vcpu)
        return;
    if (vcpu->run) {
        uint64_t answer = some_value(vmm);

        vcpu->run->immediate_exit = one_in(&vmm->input, 4);
        memcpy(vcpu->run->mmio.data, &answer, sizeof(answer));
    }
    ret = call(vmm, vcpu, KVMD_IOCTL(KVMD_DIR_NONE, 0x80, 0), 0, foretell_run(vcpu));
    if (!run_may_answer(vcpu, ret))
        complain(vmm, "it had no reason to", KVM_RUN, ret, UNKNOWN);
    run_has_ended(vcpu, ret);
}

/* ---- Anything -------------------------------------------------------------------------------- */

/* The argument of one that is known, of another, or of none. */
static void do_any(struct fuzz_vmm *vmm)
{
    static const uint32_t directions[] = {0, 1, 2, 3};
    const struct thing *thing = &vmm->model.things[fuzz_take(&vmm->input, 1) % MOST_THINGS];
    uint32_t number = (uint32_t)fuzz_take(&vmm->input, 1),
             size = (uint32_t)fuzz_take(&vmm->input, 1);
    uint32_t request = KVMD_IOCTL(directions[size & 3], number, size);
    uint64_t argument = one_in(&vmm->input, 4) ? some_value(vmm) : (uintptr_t)memory.arena;

    for (unsigned n = 0; n < 64; n++)
        memory.arena[n] = (uint8_t)fuzz_take(&vmm->input, 1);
    if (thing->object && !kvmd_ioctl_name(thing->object, request))
        call(vmm, thing, request, argument, -ENOTTY);
}

/* One that exists, on an object for which it does not. */
static void do_wrong_object(struct fuzz_vmm *vmm)
{
    static const uint32_t requests[] = {0xae80,     0xae01,     0xae41,     0x4020ae46,
                                        0xc00caee0, 0x4010aeab, 0x4020aeae, 0x4008ae61};
    const struct thing *thing = &vmm->model.things[fuzz_take(&vmm->input, 1) % MOST_THINGS];
    uint32_t request = requests[fuzz_take(&vmm->input, 1) % 8];

    if (thing->object && !kvmd_ioctl_name(thing->object, request))
        call(vmm, thing, request, (uintptr_t)memory.arena, -ENOTTY);
}

static void do_poke(struct fuzz_vmm *vmm)
{
    static const uint32_t words[] = {0xb9000041 /* str w1, [x2] */,
                                     0xf9400041 /* ldr x1, [x2] */,
                                     0xd503207f /* wfi */,
                                     0xd4000002 /* hvc #0 */,
                                     0xd5184600 /* a GICv5 register */,
                                     0x4e5e2d18 /* aborts Unicorn */};
    uint64_t at = fuzz_take(&vmm->input, 1) % 64;

    for (unsigned n = 0; n < 8; n++) {
        uint32_t word = (uint32_t)fuzz_take(&vmm->input, 4);

        if (one_in(&vmm->input, 2))
            word = words[word % 6];
        memcpy(memory.ram + 4 * (at + n), &word, sizeof(word));
    }
}

static void do_fault(struct fuzz_vmm *vmm)
{
    memory.fault_in = 1 + (unsigned)fuzz_take(&vmm->input, 1) % 8;
}

action_function *const actions[] = {
    do_open,      do_create_vm, do_create_vcpu, do_create_vcpu,  do_create_device, do_close,
    do_region,    do_region,    do_dirty_log,   do_enable_cap,   do_irq_line,      do_irqfd,
    do_ioeventfd, do_signal,    do_routing,     do_attribute,    do_attribute,     do_attribute,
    do_init,      do_init,      do_one_reg,     do_one_reg,      do_one_reg,       do_reg_list,
    do_mp_state,  do_run,       do_any,         do_wrong_object, do_poke,          do_fault,
};
const size_t nr_actions = sizeof(actions) / sizeof(actions[0]);
