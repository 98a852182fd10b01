/* SPDX-License-Identifier: BSD-3-Clause */
/* A host function that calls back into its device, against the rule of device.h, waits for itself:
 * the log says so. What hangs then is a thread that this program leaves behind. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vgic5/device.h>

#define MOST_SECONDS 60

static struct vgic5 *device;
static sem_t said;
static char words[256];

static void line(void *opaque, uint32_t vcpu_id, enum vgic5_line value)
{
    (void)opaque, (void)value;
    vgic5_ppi_line(vgic5_vcpu(device, vcpu_id), VGIC5_PPI_CNTV, false);
}

static void heard(void *opaque, const char *message)
{
    (void)opaque;
    snprintf(words, sizeof(words), "%s", message);
    sem_post(&said);
}

static int set(uint32_t group, uint64_t attr, const void *payload)
{
    const struct vgic5_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)payload};
    return vgic5_set_attr(device, &a);
}

static void write_register(struct vgic5_vcpu *vcpu, uint16_t encoding, uint64_t value)
{
    vgic5_cpu_access(vcpu, encoding, true, &value);
}

static void *hang(void *unused)
{
    struct vgic5_vcpu *vcpu = vgic5_vcpu(device, 0);
    write_register(vcpu, VGIC5_ICC_PPI_ENABLER(0), ~UINT64_C(0));
    write_register(vcpu, VGIC5_ICC_PCR, 31);
    write_register(vcpu, VGIC5_ICC_CR0, 1);
    vgic5_ppi_line(vcpu, VGIC5_PPI_CNTV, true);
    return unused;
}

int main(void)
{
    const struct vgic5_config config = {.size = sizeof(config), .threads = 1};
    const struct vgic5_host host = {.size = sizeof(host), .line = line, .log = heard};
    const uint64_t base = 0x8010000;
    struct timespec until;
    pthread_t thread;
    bool ok = !vgic5_create(&config, &host, NULL, &device) && !vgic5_add_vcpu(device, 0) &&
              !set(VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &base) &&
              !set(VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL) && !sem_init(&said, 0, 0) &&
              !pthread_create(&thread, NULL, hang, NULL);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += MOST_SECONDS;
    ok = ok && !sem_timedwait(&said, &until) && strstr(words, "`line`");
    printf("%sok 1 - a callback into the device is named\n1..1\n", ok ? "" : "not ");
    fflush(stdout);
    _Exit(!ok);
}
