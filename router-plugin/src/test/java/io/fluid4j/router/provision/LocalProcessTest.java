/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.fluid4j.spi.provision.InstanceProvisioner;
import io.fluid4j.spi.provision.InstanceProvisionerProvider;
import io.fluid4j.spi.provision.ProvisionContext;
import io.fluid4j.spi.provision.ScaleOrder;
import io.fluid4j.testkit.InstanceProvisionerContract;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Servers as processes of their own, which are real; what runs in them is not. */
@Timeout(180)
class LocalProcessTest implements InstanceProvisionerContract {

    @TempDir
    Path folder;

    private FakeTomcat tomcat;
    private int contexts;

    @BeforeEach
    void make() throws IOException {
        tomcat = new FakeTomcat(folder.resolve("tomcat"));
    }

    @AfterEach
    void close() throws IOException {
        tomcat.close();
    }

    @Override
    public InstanceProvisionerProvider provider() {
        return new LocalProcessProvider();
    }

    @Override
    public ProvisionContext context() {
        return context("pool" + contexts++);
    }

    private ProvisionContext context(String name, String... keys) {
        return Pools.context(tomcat.url(), folder.resolve(name), tomcat.keys(keys));
    }

    @Override
    public List<String> running() {
        return tomcat.running();
    }

    private static List<Path> list(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void eachHasACopyWithFreePortsAndItGoesWithTheServer() throws Exception {
        ProvisionContext context = context();
        ScaleOrder order = InstanceProvisionerContract.order(1);
        try (InstanceProvisioner provisioner = provider().open(context)) {
            provisioner.start(order);
            await().atMost(DEADLINE).until(() -> running().contains(order.instanceId()));
            Path base = context.folder().resolve("instances/" + order.instanceId() + "/base");
            assertThat(Files.readString(base.resolve("conf/server.xml")))
                    .contains("<Server port=\"-1\">", "<Connector port=\"0\"/>");
            assertThat(Files.readString(tomcat.template().resolve("conf/server.xml")))
                    .contains("8005");
            assertThat(base.resolve("logs")).isEmptyDirectory();
            provisioner.stop(order).toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            assertThat(base).doesNotExist();
        }
    }

    @Test
    void closingEndsAll() throws Exception {
        ProvisionContext context = context();
        try (InstanceProvisioner provisioner = provider().open(context)) {
            for (int i = 0; i < 3; i++) {
                provisioner.start(InstanceProvisionerContract.order(3));
            }
            await().atMost(DEADLINE).until(() -> running().size() == 3);
        }
        await().atMost(DEADLINE).until(() -> running().isEmpty());
        assertThat(context.folder().resolve("instances")).doesNotExist();
    }

    @Test
    void aServerThatEndsByItselfIsAFailedStart() throws Exception {
        Files.createFile(tomcat.template().resolve("conf/fail"));
        try (InstanceProvisioner provisioner = provider().open(context())) {
            CompletionStage<Void> start = provisioner.start(InstanceProvisionerContract.order(1));
            assertThatThrownBy(() -> start.toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS))
                    .hasMessageContaining("its process has ended with 3");
        }
    }

    @Test
    void aCopyThatCannotBeMadeIsAFailedStart() throws Exception {
        ProvisionContext context = context();
        try (InstanceProvisioner provisioner = provider().open(context)) {
            Files.writeString(tomcat.template().resolve("conf/server.xml"), "no XML");
            CompletionStage<Void> start = provisioner.start(InstanceProvisionerContract.order(1));
            assertThatThrownBy(() -> start.toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS))
                    .hasMessageContaining("server.xml");
            await().atMost(DEADLINE)
                    .until(() -> list(context.folder().resolve("instances")).isEmpty());
        }
    }

    /** What an id may be is not left to whoever makes it: it becomes a folder and a word of the command. */
    @Test
    void anIdIsNoPathAndNoOption() throws Exception {
        try (InstanceProvisioner provisioner = provider().open(context())) {
            for (String id : List.of("../../../escape", "-Dx=y z 12345", "a/b/c/d/e/f", "archive")) {
                assertThatThrownBy(() -> provisioner
                                .start(new ScaleOrder(id, 1, "bad"))
                                .toCompletableFuture()
                                .join())
                        .isInstanceOf(CompletionException.class)
                        .hasMessageContaining("not an id");
            }
        }
    }

    /** The router is killed: its servers go on. The next router ends them before it starts its own. */
    @Test
    void whatAKilledRouterLeavesIsEndedByTheNext() throws Exception {
        ProvisionContext context = context();
        Process router = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledRouter.class.getName(),
                        tomcat.url().toString(),
                        context.folder().toString(),
                        tomcat.template().toString(),
                        tomcat.home().toString())
                .inheritIO()
                .start();
        try {
            await().atMost(DEADLINE).until(() -> running().size() == 2);
        } finally {
            router.destroyForcibly().waitFor();
        }
        assertThat(running()).as("orphans go on").hasSize(2);
        // One of them as if the router had been killed before it could write down the process.
        try (DirectoryStream<Path> all =
                Files.newDirectoryStream(context.folder().resolve("instances"))) {
            Files.delete(all.iterator().next().resolve("process"));
        }
        try (InstanceProvisioner next = provider().open(context)) {
            await().atMost(DEADLINE).until(() -> running().isEmpty());
            assertThat(list(context.folder().resolve("instances"))).isEmpty();
            assertThat(next.owns("anything")).isFalse();
        }
    }

    /** A process id that belongs to somebody else by now is left alone. */
    @Test
    void aProcessIdAloneIsNoProof() throws Exception {
        ProvisionContext context = context();
        Path left = Files.createDirectories(context.folder().resolve("instances/left"));
        Files.writeString(left.resolve("process"), ProcessHandle.current().pid() + " 12345\n");
        try (InstanceProvisioner provisioner = provider().open(context)) {
            assertThat(left).doesNotExist();
            assertThat(provisioner.owns("left")).isFalse();
        }
    }

    @Test
    void twoRoutersDoNotShareAFolder() throws Exception {
        ProvisionContext context = context();
        try (InstanceProvisioner first = provider().open(context)) {
            assertThat(first.owns("x")).isFalse();
            assertThatThrownBy(() -> provider().open(context)).hasMessageContaining("another router");
        }
        provider().open(context).close();
    }

    @Test
    void theArchiveIsMadeBesideTheFirstStartAndUsedByTheNext() throws Exception {
        archiveIsMadeAndUsed(context("shared", "archive", "true"));
    }

    /** From Java 25 on it is another kind of file, which other options go with. */
    @Test
    void theArchiveOfANewJava() throws Exception {
        Path java = newJava();
        assumeThat(java).as("a Java from 25 on beside this one").isNotNull();
        archiveIsMadeAndUsed(context("new", "archive", "true", "java-home", java.toString()));
    }

    private static Path newJava() throws IOException {
        try (Stream<Path> homes =
                Files.list(Path.of(System.getProperty("java.home")).toRealPath().getParent())) {
            for (Path home : homes.toList()) {
                Path release = home.resolve("release");
                if (Files.isRegularFile(release)
                        && Files.readString(release).matches("(?s).*JAVA_VERSION=\"(2[5-9]|[3-9][0-9])[.+\"-].*")) {
                    return home;
                }
            }
            return null;
        }
    }

    private void archiveIsMadeAndUsed(ProvisionContext context) throws Exception {
        ScaleOrder first = InstanceProvisionerContract.order(1);
        ScaleOrder second = InstanceProvisionerContract.order(2);
        try (InstanceProvisioner provisioner = provider().open(context)) {
            provisioner.start(first);
            await().atMost(DEADLINE).until(() -> running().contains(first.instanceId()));
            await().atMost(DEADLINE).until(() -> list(context.folder()).stream()
                    .anyMatch(file -> file.toString().matches(".*classes-[0-9a-f]{16}\\.(jsa|aot)")));
            await().atMost(DEADLINE).until(() -> !Files.exists(context.folder().resolve("instances/archive")));
            assertThat(command(first)).doesNotContain(context.folder() + "/classes-");
            provisioner.start(second);
            await().atMost(DEADLINE).until(() -> running().contains(second.instanceId()));
            assertThat(command(second)).contains("=" + context.folder() + "/classes-");
            assertThat(running()).doesNotContain("training-of-archive");
        }
    }

    private static String command(ScaleOrder order) {
        return ProcessHandle.current()
                .children()
                .map(child -> child.info().commandLine().orElse(""))
                .filter(line -> line.contains("-Dfluid.instance.id=" + order.instanceId()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatIsMissingIsNamed() {
        ProvisionContext noHome = Pools.context(
                tomcat.url(),
                folder.resolve("p"),
                tomcat.keys("home", folder.resolve("nowhere").toString()));
        assertThatThrownBy(() -> provider().open(noHome)).hasMessageContaining("fluid.provision.shop.home");
        ProvisionContext noTemplate = Pools.context(
                URI.create("tcp://127.0.0.1:1"),
                folder.resolve("p"),
                tomcat.keys("template", folder.resolve("none").toString()));
        assertThatThrownBy(() -> provider().open(noTemplate)).hasMessageContaining("fluid.provision.shop.template");
        ProvisionContext noJava =
                Pools.context(tomcat.url(), folder.resolve("p"), tomcat.keys("java-home", folder.toString()));
        assertThatThrownBy(() -> provider().open(noJava)).hasMessageContaining("fluid.provision.shop.java-home");
    }
}
