#!/bin/sh
# The state of an LSF job, for cluster-generic.   lsf-status.sh JOB
case $(bjobs -noheader -o stat "$1" 2>&1) in
    DONE) echo success ;;
    EXIT | *"is not found"*) echo failed ;;
    *) echo running ;; # waiting, running, or the server does not answer: ask again
esac
