/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.instance.ResolvedRouters.Known;
import io.fluid4j.instance.RouterChoice.Candidate;
import io.fluid4j.instance.RouterChoice.Who;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** When an instance follows what resolvers say, in virtual time. */
class RouterMovesTest {

    private static final Who WHO = new Who("instance", "shop");
    private static final List<Candidate> ROUTERS = Stream.of("a", "b", "c", "d")
            .map(name -> new Candidate(name, URI.create("tcp://" + name + ":7443"), "eu/" + name, 1))
            .toList();
    private static final Known AB = new Known(ROUTERS, List.of("a", "b"));
    private static final Known CD = new Known(ROUTERS, List.of("c", "d"));

    private long nanos = -Duration.ofHours(1).toNanos();
    private final RouterMoves moves = new RouterMoves(2, () -> nanos, () -> 0.5);
    /** Routers with a tunnel; dialled in no time. */
    private Set<URI> standing = Set.of();

    private List<String> look(Known known) {
        Known followed = moves.follow(known, one -> RouterChoice.choose(WHO, one.placed(), one.routers(), 2), some ->
                (int) some.stream().filter(standing::contains).count());
        List<URI> chosen = RouterChoice.choose(WHO, followed.placed(), followed.routers(), 2);
        standing = Set.copyOf(chosen);
        return chosen.stream().map(URI::getHost).sorted().toList();
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    @Test
    void whoHasNoTunnelFollowsAtOnceWhoHasThemALittleLater() {
        assertThat(look(AB)).containsExactly("a", "b");
        assertThat(look(CD)).containsExactly("a", "b");
        pass(Duration.ofMillis(1_999));
        assertThat(look(CD)).containsExactly("a", "b");
        pass(Duration.ofMillis(1));
        assertThat(look(CD)).containsExactly("c", "d");
    }

    @Test
    void aLostTunnelIsReplacedAtOnce() {
        look(AB);
        standing = Set.of(URI.create("tcp://a:7443"));
        assertThat(look(CD)).containsExactly("c", "d");
    }

    @Test
    void whatIsTakenBackSoonMovesNobody() {
        look(AB);
        for (int i = 0; i < 1_000; i++) {
            assertThat(look(i % 2 == 0 ? CD : AB)).containsExactly("a", "b");
            pass(Duration.ofMillis(900));
        }
    }

    @Test
    void whoeverSaysNowThisNowThatMovesNobodyMoreOftenThanEveryTenSeconds() {
        look(AB);
        List<Long> moved = new ArrayList<>();
        List<String> last = look(AB);
        for (int i = 0; i < 2_400; i++) { // ten minutes
            List<String> now = look(i / 20 % 2 == 0 ? AB : CD); // another answer every five seconds
            if (!now.equals(last)) {
                moved.add(nanos);
                last = now;
            }
            pass(Duration.ofMillis(250));
        }
        assertThat(moved).hasSizeBetween(2, 60);
        for (int i = 1; i < moved.size(); i++) {
            assertThat(moved.get(i) - moved.get(i - 1)).isGreaterThanOrEqualTo(RouterMoves.HOLD.toNanos());
        }
    }

    @Test
    void newsThatMoveNobodyDoNotKeepHimFromMoving() {
        look(AB);
        List<String> now = List.of();
        for (int i = 0; i < 12 && !now.equals(List.of("c", "d")); i++) {
            // Each time another object, and another router that is far away.
            List<Candidate> more = new ArrayList<>(ROUTERS);
            more.add(new Candidate("far" + i, URI.create("tcp://far" + i + ":7443"), "us/a", 2));
            now = look(new Known(more, List.of("c", "d")));
            pass(Duration.ofMillis(250));
        }
        assertThat(now).containsExactly("c", "d");
    }
}
