/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.frame.Nack;
import io.fluid4j.frame.NackReason;
import io.fluid4j.router.fleet.Target;
import io.fluid4j.spi.selection.Attempt;
import io.fluid4j.spi.selection.Candidate;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a request has been in vain. Most requests are taken by the first instance and share {@link #FIRST}. Used inside
 * the exchange only.
 */
final class Attempts implements Attempt {

    /** Nobody has been asked yet; never changed. */
    static final Attempts FIRST = new Attempts();

    private final List<Target> excluded = new ArrayList<>(2);
    private final List<Nack> nacks = new ArrayList<>(2);
    private final List<ExchangeOutcome.Refusal> refusals = new ArrayList<>(2);

    /** These, to be written to. */
    Attempts writable() {
        return this == FIRST ? new Attempts() : this;
    }

    void exclude(Target target) {
        excluded.add(target);
    }

    /** True when it has been there in vain. */
    boolean hasBeenAt(Target target) {
        return holds(target);
    }

    /** Who has been everywhere once may try again where somebody has recovered. */
    void forgetExcluded() {
        if (this != FIRST) {
            excluded.clear();
        }
    }

    void nacked(Target by, Nack nack, long afterNanos) {
        nacks.add(nack);
        refusals.add(new ExchangeOutcome.Refusal(by.targetName(), RouterMetrics.word(nack.reason()), afterNanos));
    }

    List<ExchangeOutcome.Refusal> refusals() {
        return refusals;
    }

    /** True when that many instances, or more, have all said that they do not serve this path. */
    boolean nowhereDeployed(int instances) {
        if (nacks.size() < instances) {
            return false;
        }
        for (int i = 0; i < nacks.size(); i++) {
            if (nacks.get(i).reason() != NackReason.NOT_DEPLOYED) {
                return false;
            }
        }
        return !nacks.isEmpty();
    }

    @Override
    public boolean excludes(Candidate candidate) {
        return holds(candidate);
    }

    private boolean holds(Object one) {
        for (int i = 0; i < excluded.size(); i++) {
            if (excluded.get(i) == one) {
                return true;
            }
        }
        return false;
    }

    @Override
    public int retries() {
        return nacks.size();
    }
}
