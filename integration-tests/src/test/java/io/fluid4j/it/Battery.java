/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluid4j.it.RawClient.Response;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the parts of the battery share. Each part runs in every environment, by the server's own port and through the
 * tunnel; a test that fails by the own port is itself wrong, one that fails only through the tunnel has found a bug.
 *
 * <p>For a narrow run: {@code -Dfluid.it.environments=tomcat11,jetty12.1-ee10} and {@code -Dfluid.it.ways=direct}.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("runs")
@ExtendWith({FleetExtension.class, MatrixExtension.class})
@Timeout(90)
abstract class Battery {

    /** An environment and a way to it. */
    record Run(Environment environment, Way way) {
        @Override
        public String toString() {
            return environment.id() + " " + way;
        }
    }

    @Parameter
    Run run;

    static Stream<Run> runs() {
        return Arrays.stream(Environment.values())
                .filter(environment -> chosen("fluid.it.environments", environment.id()))
                .flatMap(environment -> Arrays.stream(Way.values())
                        .filter(way -> chosen("fluid.it.ways", way.toString()))
                        .map(way -> new Run(environment, way)));
    }

    private static boolean chosen(String property, String name) {
        String names = System.getProperty(property, "");
        return names.isBlank() || Set.of(names.split(",")).contains(name);
    }

    Environment environment() {
        return run.environment();
    }

    boolean tunnelled() {
        return run.way() == Way.TUNNEL;
    }

    /** The servers of this part. */
    Fleet fleet() {
        return FleetExtension.fleet();
    }

    int port() {
        return fleet().port(environment(), run.way());
    }

    Server server() {
        return fleet().server(environment().distribution());
    }

    /** A name that no other test uses. */
    static String freshKey() {
        return "k" + UUID.randomUUID().toString().replace("-", "");
    }

    String path(String inApplication) {
        return environment().contextPath() + inApplication;
    }

    String authority() {
        return "localhost:" + port();
    }

    RawClient connect() throws IOException {
        return RawClient.connect(port());
    }

    /** Head of a request, its last line included, with more fields where given. */
    String head(String method, String inApplication, String... fields) {
        StringBuilder head = new StringBuilder()
                .append(method)
                .append(' ')
                .append(path(inApplication))
                .append(" HTTP/1.1\r\nHost: ")
                .append(authority())
                .append("\r\n");
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        return head.append("\r\n").toString();
    }

    Response get(String inApplication, String... fields) throws IOException {
        return request("GET", inApplication, fields);
    }

    /** A request without a body on a connection of its own. */
    Response request(String method, String inApplication, String... fields) throws IOException {
        try (RawClient client = connect()) {
            client.send(head(method, inApplication, fields));
            return client.readResponse(method);
        }
    }

    /** The same request by the server's own port, whatever this run's way is. */
    Response direct(String method, String inApplication, String... fields) throws IOException {
        int own = server().httpPort();
        try (RawClient client = RawClient.connect(own)) {
            client.send(head(method, inApplication, fields).replace("localhost:" + port(), "localhost:" + own));
            return client.readResponse(method);
        }
    }

    Response post(String inApplication, String contentType, byte[] body) throws IOException {
        try (RawClient client = connect()) {
            client.send(head("POST", inApplication, "Content-Type: " + contentType, "Content-Length: " + body.length));
            client.send(body);
            return client.readResponse("POST");
        }
    }

    /** Lets the application go on at a place it waits at; by a connection of its own to the server's own port. */
    void leave(String key) throws IOException {
        assertThat(direct("GET", "/rendezvous/leave?key=" + key).text()).isEqualTo("left");
    }

    /** What the application left at a place; waits for it. By the server's own port. */
    String awaitWord(String key) throws IOException {
        return direct("GET", "/rendezvous/await?key=" + key).text();
    }

    static List<String> lines(Response response) {
        return response.text().lines().toList();
    }
}
