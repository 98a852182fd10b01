/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "tool/options.h"

const struct cli_verb_row cli_verbs[NR_VERBS] = {
#define VERB(name, operands, files, what) {#name, operands, files, what},
#include "tool/verbs.def"
#undef VERB
};

const char *cli_verb_name(enum cli_verb verb)
{
    return cli_verbs[verb].name;
}

bool cli_starts_command(enum cli_verb verb)
{
    return strstr(cli_verbs[verb].operands, "...") != NULL;
}

enum cli_verb cli_verb_of(const char *name)
{
    for (enum cli_verb verb = 0; verb < NR_VERBS; verb++)
        if (strcmp(cli_verbs[verb].name, name) == 0)
            return verb;
    return NR_VERBS;
}
