/* SPDX-License-Identifier: BSD-3-Clause */
/* vgic5_why: each reason, alone, for each type of interrupt that can have it; and what it must not
 * do. */
#include "fixture.h"

static const uint32_t shared[] = {SPI(9), LPI(200)};

static struct vgic5_why ask(struct vmm *m, struct vgic5_vcpu *vcpu, uint32_t intid)
{
    struct vgic5_why why = {.size = sizeof(why)};
    assert_int_equal(vgic5_why(m->device, vcpu, intid, &why), 0);
    assert_int_equal(why.intid, intid);
    return why;
}

static void assert_why(struct vmm *m, uint32_t intid, uint32_t reason, const char *says)
{
    struct vgic5_why why = ask(m, m->vcpu[0], intid);
    char sentence[160];
    assert_int_equal(why.reason, reason);
    assert_in_range(vgic5_why_sentence(&why, sentence, sizeof(sentence)), 1, 159);
    assert_string_equal(sentence, says);
}

/* An SPI or LPI, pending for PE 0 at priority 8 and deliverable. */
static void pend(struct vmm *m, uint32_t intid)
{
    route(m, intid, 8, 0);
    cdpend(m, intid, 1);
}

static void begin(struct vmm *m)
{
    start(m);
    linear_table(m, 12);
}

#define EACH_SHARED(intid)                           \
    for (uint32_t n_ = 0, intid = shared[0]; n_ < 2; \
         cdpend(m, intid, 0), cddi(m, 0, intid), n_++, intid = shared[n_ % 2])

static void test_delivered(void **state)
{
    struct vmm *m = *state;
    begin(m);
    EACH_SHARED(intid)
    {
        pend(m, intid);
        assert_why(m, intid, VGIC5_WHY_DELIVERED, "signalled to vCPU 0, which takes it next");
        struct vgic5_why why = ask(m, NULL, intid);
        assert_int_equal(why.reason, VGIC5_WHY_DELIVERED);
        assert_int_equal(why.hppi, intid);
        assert_int_equal(why.priority, 8);
        assert_int_equal(why.pcr, 31);
        assert_int_equal(why.running_priority, 32);
        assert_int_equal(why.line, VGIC5_LINE_IRQ);
        assert_true(why.pending && why.enabled && !why.active && !why.nmi);
        assert_int_equal(cdia(m, 0), TAKEN(intid));
        cdeoi(m, 0);
    }
    ppi_wire(m, 1, VGIC5_PPI_CNTV, true);
    assert_int_equal(ask(m, m->vcpu[1], PPI(VGIC5_PPI_CNTV)).reason, VGIC5_WHY_DELIVERED);
    assert_int_equal(ask(m, m->vcpu[1], PPI(VGIC5_PPI_CNTV)).iaffid, 1);
    assert_int_equal(ask(m, m->vcpu[0], PPI(VGIC5_PPI_CNTV)).reason, VGIC5_WHY_NOT_PENDING);
}

static void test_unreachable(void **state)
{
    struct vmm *m = *state;
    start(m);
    assert_why(m, LPI(1), VGIC5_WHY_UNREACHABLE, "there is no lpi 1: it has no reachable ISTE");
    linear_table(m, 12);
    assert_why(m, LPI(1), VGIC5_WHY_NOT_PENDING, "not pending");
    assert_why(m, LPI(4096), VGIC5_WHY_UNREACHABLE,
               "there is no lpi 4096: it has no reachable ISTE");
    assert_why(m, SPI(1023), VGIC5_WHY_UNREACHABLE, "there is no spi 1023: there are not as many");
    assert_why(m, PPI(5), VGIC5_WHY_UNREACHABLE, "there is no ppi 5: it is not implemented");
    assert_why(m, PPI(0xffffff), VGIC5_WHY_UNREACHABLE,
               "there is no ppi 16777215: it is not implemented");
}

static void test_not_pending(void **state)
{
    struct vmm *m = *state;
    begin(m);
    EACH_SHARED(intid)
    {
        route(m, intid, 8, 0);
        assert_why(m, intid, VGIC5_WHY_NOT_PENDING, "not pending");
        cdpend(m, intid, 1);
        assert_int_equal(cdia(m, 0), TAKEN(intid));
        assert_why(m, intid, VGIC5_WHY_NOT_PENDING, "active, and not pending again");
        cdeoi(m, 0);
    }
}

static void test_active(void **state)
{
    struct vmm *m = *state;
    begin(m);
    EACH_SHARED(intid)
    {
        pend(m, intid);
        assert_int_equal(cdia(m, 0), TAKEN(intid));
        cdeoi(m, 0);
        cdpend(m, intid, 1);
        assert_why(m, intid, VGIC5_WHY_ACTIVE,
                   "pending, but active: no candidate until it is deactivated");
    }
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    assert_int_equal(cdia(m, 0), TAKEN(PPI(VGIC5_PPI_CNTV)));
    assert_int_equal(ask(m, m->vcpu[0], PPI(VGIC5_PPI_CNTV)).reason, VGIC5_WHY_ACTIVE);
}

static void test_disabled(void **state)
{
    struct vmm *m = *state;
    begin(m);
    EACH_SHARED(intid)
    {
        pend(m, intid);
        cddis(m, intid);
        assert_why(m, intid, VGIC5_WHY_DISABLED, "pending, but disabled");
    }
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    msr(m, 0, VGIC5_ICC_PPI_ENABLER(0), 0);
    assert_why(m, PPI(VGIC5_PPI_CNTV), VGIC5_WHY_DISABLED, "pending, but disabled");
}

static void test_no_pe(void **state)
{
    struct vmm *m = *state;
    begin(m);
    EACH_SHARED(intid)
    {
        pend(m, intid);
        cdaff(m, intid, 9);
        assert_why(m, intid, VGIC5_WHY_NO_PE, "its IAFFID 9 is that of no PE");
    }
}

static void test_irsen(void **state)
{
    struct vmm *m = *state;
    begin(m);
    w32(m, VGIC5_IRS_CR0, 0);
    EACH_SHARED(intid)
    {
        pend(m, intid);
        assert_why(m, intid, VGIC5_WHY_IRSEN, "IRS_CR0.IRSEN is 0: the IRS forwards nothing");
    }
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true); /* does not come from the IRS */
    assert_int_equal(ask(m, m->vcpu[0], PPI(VGIC5_PPI_CNTV)).reason, VGIC5_WHY_DELIVERED);
}

static void test_en(void **state)
{
    struct vmm *m = *state;
    begin(m);
    msr(m, 0, VGIC5_ICC_CR0, 0);
    EACH_SHARED(intid)
    {
        pend(m, intid);
        assert_why(m, intid, VGIC5_WHY_EN, "ICC_CR0_EL1.EN of vCPU 0 is 0");
    }
}

static void test_pcr(void **state)
{
    struct vmm *m = *state;
    begin(m);
    EACH_SHARED(intid)
    {
        pend(m, intid);
        msr(m, 0, VGIC5_ICC_PCR, 7);
        assert_why(m, intid, VGIC5_WHY_PCR,
                   "priority 8 is masked: ICC_PCR_EL1.PRIORITY of vCPU 0 is 7");
        msr(m, 0, VGIC5_ICC_PCR, 8);
        assert_int_equal(ask(m, NULL, intid).reason, VGIC5_WHY_DELIVERED);
    }
}

static void test_running_priority(void **state)
{
    struct vmm *m = *state;
    begin(m);
    EACH_SHARED(intid)
    {
        pend(m, intid);
        msr(m, 0, VGIC5_ICC_APR, 1u << 8);
        assert_why(m, intid, VGIC5_WHY_RUNNING_PRIORITY,
                   "priority 8 does not preempt: the running priority of vCPU 0 is 8");
        msr(m, 0, VGIC5_ICC_APR, 1u << 9);
        assert_int_equal(ask(m, NULL, intid).reason, VGIC5_WHY_DELIVERED);
        msr(m, 0, VGIC5_ICC_APR, 0);
    }
}

static void test_behind(void **state)
{
    struct vmm *m = *state;
    begin(m);
    pend(m, SPI(9));
    pend(m, LPI(200)); /* of the same priority */
    assert_why(m, LPI(200), VGIC5_WHY_BEHIND, "behind spi 9, the HPPI of vCPU 0");
    cdpri(m, LPI(200), 7);
    assert_why(m, SPI(9), VGIC5_WHY_BEHIND, "behind lpi 200, the HPPI of vCPU 0");
    ppi_wire(m, 0, VGIC5_PPI_CNTV, true);
    assert_why(m, PPI(VGIC5_PPI_CNTV), VGIC5_WHY_BEHIND, "behind lpi 200, the HPPI of vCPU 0");
}

static void assert_at_pe(struct vmm *m, bool off, bool masked, uint32_t reason, const char *says)
{
    struct vgic5_why why = ask(m, NULL, SPI(9));
    char sentence[160];
    vgic5_why_at_pe(&why, off, masked);
    assert_int_equal(why.reason, reason);
    assert_int_equal(vgic5_why_sentence(&why, sentence, sizeof(sentence)), strlen(says));
    assert_string_equal(sentence, says);
}

static void test_the_pe(void **state)
{
    struct vmm *m = *state;
    begin(m);
    pend(m, SPI(9));
    assert_at_pe(m, false, false, VGIC5_WHY_DELIVERED, "signalled to vCPU 0, which takes it next");
    assert_at_pe(m, true, false, VGIC5_WHY_VCPU_OFF, "signalled, but vCPU 0 is powered off");
    assert_at_pe(m, true, true, VGIC5_WHY_VCPU_OFF, "signalled, but vCPU 0 is powered off");
    assert_at_pe(m, false, true, VGIC5_WHY_MASKED, "signalled, but PSTATE.I of vCPU 0 is 1");
    cddis(m, SPI(9));
    assert_at_pe(m, true, true, VGIC5_WHY_DISABLED, "pending, but disabled");
}

static void test_an_nmi(void **state)
{
    struct vmm *m = *state;
    begin(m);
    pend(m, SPI(9));
    cdpri(m, SPI(9), 0);
    assert_false(ask(m, NULL, SPI(9)).nmi);
    vgic5_vcpu_set_nmi(m->vcpu[0], true);
    assert_true(ask(m, NULL, SPI(9)).nmi);
    assert_int_equal(ask(m, NULL, SPI(9)).line, VGIC5_LINE_SUPERPRIORITY);
}

/* Who asks is not seen: ICC_ICSR_EL1 stays, and no line is reported. */
static void test_nothing_changes(void **state)
{
    struct vmm *m = *state;
    begin(m);
    pend(m, SPI(9));
    uint64_t icsr = cdrcfg(m, SPI(9));
    unsigned lines = m->lines;
    ask(m, NULL, LPI(7));
    ask(m, m->vcpu[0], PPI(VGIC5_PPI_CNTV));
    assert_int_equal(mrs(m, 0, VGIC5_ICC_ICSR), icsr);
    assert_int_equal(m->lines, lines);
}

static void test_refused(void **state)
{
    struct vmm *m = *state, other = {0};
    struct vgic5_why why = {.size = sizeof(why), .reason = 77};
    char text[8] = "";
    assert_int_equal(vgic5_why(m->device, NULL, PPI(27), &why), -EINVAL);
    assert_int_equal(vgic5_why(m->device, m->vcpu[0], VGIC5_INTID(0, 1), &why), -EINVAL);
    assert_int_equal(vgic5_why(m->device, m->vcpu[0], VGIC5_INTID(4, 1), &why), -EINVAL);
    assert_int_equal(vgic5_why(m->device, NULL, SPI(1) | 1u << 24, &why), -EINVAL);
    build(&other, &(struct vmm_shape){.nr_vcpus = 1, .no_init = true});
    assert_int_equal(vgic5_why(m->device, other.vcpu[0], SPI(1), &why), -EINVAL);
    assert_int_equal(vgic5_why(other.device, NULL, SPI(1), &why), -EBUSY);
    assert_int_equal(vgic5_why_sentence(&why, text, sizeof(text)), -EINVAL); /* 77 */
    assert_null(vgic5_why_word(77));
    assert_int_equal(why.reason, 77);
    why.size = sizeof(why) - 1;
    assert_int_equal(vgic5_why(m->device, NULL, SPI(1), &why), -EINVAL);
    assert_true(vmm_drop_device(&other));
    vmm_free_ram(&other);
}

/* No more is written than the caller's struct has, nor of a sentence than there is room for. */
static void test_sizes(void **state)
{
    struct vmm *m = *state;
    struct {
        struct vgic5_why why;
        uint8_t more[16];
    } long_one;
    char text[8];
    memset(&long_one, 0xa5, sizeof(long_one));
    long_one.why.size = sizeof(long_one);
    assert_int_equal(vgic5_why(m->device, NULL, SPI(1), &long_one.why), 0);
    assert_int_equal(long_one.why.size, sizeof(long_one.why));
    assert_int_equal(long_one.more[0], 0xa5);
    assert_int_equal(vgic5_why_sentence(&long_one.why, text, sizeof(text)), strlen("not pending"));
    assert_string_equal(text, "not pen");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_2PE(test_delivered),   TEST_2PE(test_unreachable),
        TEST_2PE(test_not_pending), TEST_2PE(test_active),
        TEST_2PE(test_disabled),    TEST_2PE(test_no_pe),
        TEST_2PE(test_irsen),       TEST_2PE(test_en),
        TEST_2PE(test_pcr),         TEST_2PE(test_running_priority),
        TEST_2PE(test_behind),      TEST_2PE(test_the_pe),
        TEST_2PE(test_an_nmi),      TEST_2PE(test_nothing_changes),
        TEST_2PE(test_refused),     TEST_2PE(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
