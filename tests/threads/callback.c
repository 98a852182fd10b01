/* SPDX-License-Identifier: BSD-3-Clause */
/* A host function that calls back into its device, against the rule of device.h, waits for itself:
 * the log says so. What hangs then is a thread that this program leaves behind. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/vmm.h"

#define MOST_SECONDS 60

static struct vmm vmm;
static sem_t said;
static char words[256];

static void line(void *opaque, uint32_t vcpu_id, enum vgic5_line value)
{
    (void)opaque, (void)value;
    vgic5_ppi_line(vgic5_vcpu(vmm.device, vcpu_id), VGIC5_PPI_CNTV, false);
}

static void heard(void *opaque, const char *message)
{
    (void)opaque;
    snprintf(words, sizeof(words), "%s", message);
    sem_post(&said);
}

static void *hang(void *unused)
{
    struct vgic5_vcpu *vcpu = vmm.vcpu[0];
    vmm_msr(vcpu, VGIC5_ICC_PPI_ENABLER(0), ~UINT64_C(0));
    vmm_msr(vcpu, VGIC5_ICC_PCR, 31);
    vmm_msr(vcpu, VGIC5_ICC_CR0, 1);
    vgic5_ppi_line(vcpu, VGIC5_PPI_CNTV, true);
    return unused;
}

int main(void)
{
    const struct vgic5_config config = {.size = sizeof(config), .threads = 1};
    struct vgic5_host host = vmm_host;
    struct timespec until;
    pthread_t thread;
    bool ok;

    host.line = line;
    host.log = heard;
    ok = vmm_build(&vmm, &(struct vmm_shape){.config = &config, .host = &host, .nr_vcpus = 1}) ==
             0 &&
         !sem_init(&said, 0, 0) && !pthread_create(&thread, NULL, hang, NULL);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += MOST_SECONDS;
    ok = ok && !sem_timedwait(&said, &until) && strstr(words, "`line`");
    printf("%sok 1 - a callback into the device is named\n1..1\n", ok ? "" : "not ");
    fflush(stdout);
    _Exit(!ok);
}
