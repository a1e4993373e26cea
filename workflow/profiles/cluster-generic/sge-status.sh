#!/bin/sh
# The state of an SGE job, for cluster-generic.   sge-status.sh JOB
if qstat -j "$1" > /dev/null 2>&1; then
    echo running
    exit
fi
# The accounting records a finished job a few seconds late: until then, ask again.
qacct -j "$1" 2> /dev/null | awk '
    $1 == "exit_status" { status = $2 }
    $1 == "failed" { failed = $2 }
    END { print status == "" ? "running" : (status == 0 && failed == 0 ? "success" : "failed") }'
