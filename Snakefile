# The study: config.yaml -> runs -> training -> metrics -> tables and figures.
from snakemake.utils import min_version

min_version("9.0")


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/menu.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/report.smk"


# Before the first job, not for a dry run. Snakemake's own lock outlives a killed process.
onstart:
    try:
        hold()
    except UserError as error:
        sys.exit(f"error: {error}")


# Where the disk is full, a job's own words about it have found no room in its log.
onerror:
    free = shutil.disk_usage(RESULTS).free
    if free < 10**6:
        place = Path(RESULTS).absolute()
        print(f"error: {place}: No space left on device", file=sys.stderr)


rule all:
    default_target: True
    input:
        METRICS,
        TABLE_FILES,
        CLAIM_FILES,
        NUMBERS,
        FIGURE_FILES,
        EXPLORER,
        PROVENANCE,
