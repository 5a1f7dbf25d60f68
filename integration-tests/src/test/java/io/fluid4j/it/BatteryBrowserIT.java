/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What a browser shows: server-sent events in a page, and the sample application as a user sees it. */
@ExtendWith(BatteryBrowserIT.Chromium.class)
class BatteryBrowserIT extends Battery {

    @BeforeEach
    void thereIsABrowser() {
        assumeThat(Chromium.browser).as("no chromium on the PATH").isNotNull();
    }

    private String url(String inApplication) {
        return "http://127.0.0.1:" + port() + path(inApplication);
    }

    /** The server holds each event back until the page has the one before: none can have waited for another. */
    @Test
    void eventsReachThePageOneByOne() throws IOException {
        String key = freshKey();
        Browser browser = Chromium.browser;
        browser.open(url("/static/index.html"));
        browser.evaluate("window.got = []; window.wanted = () => {};"
                + "window.source = new EventSource('" + path("/async/stream?key=" + key) + "');"
                + "source.onmessage = event => { got.push(event.data); wanted(); };"
                + "source.onerror = () => { got.push('end'); source.close(); wanted(); }; 0");
        for (int i = 0; i < 3; i++) {
            assertThat(soFar(browser, i + 1)).isEqualTo(i == 0 ? "0" : i == 1 ? "0,1" : "0,1,2");
            leave(key + i);
        }
        assertThat(soFar(browser, 4)).isEqualTo("0,1,2,end");
    }

    /** What the page has got, once there are that many. */
    private static String soFar(Browser browser, int count) {
        return browser.evaluate("new Promise(done => { window.wanted = () => { if (got.length >= " + count
                + ") done(got.join(',')); }; wanted(); })");
    }

    @Test
    void closingThePagesStreamReachesTheApplication() throws IOException {
        String key = freshKey();
        Browser browser = Chromium.browser;
        browser.open(url("/static/index.html"));
        browser.evaluate(
                "new Promise(done => { window.source = new EventSource('" + path("/cancel/pollingWriter?key=" + key)
                        + "'); source.onmessage = () => { source.close(); done(0); } })");
        leave(key + ".go");
        assertThat(awaitWord(key)).isEqualTo("IOException");
    }

    @Test
    void sampleApplicationWorks() {
        assumeThat(tunnelled() && environment().hasSample())
                .as("once on each server is enough; it takes its time")
                .isTrue();
        Browser browser = Chromium.browser;
        browser.open("http://127.0.0.1:" + port() + environment().samplePath() + "/");
        assertThat(browser.evaluate("refresh().then(() => $('who').textContent)"))
                .contains("through a tunnel");
        String answer = browser.evaluate("new Promise(done => { let shown = 0, last = $('count').textContent;"
                + "new MutationObserver(() => { const now = $('count').textContent; if (now !== last) { shown++; last = now; }"
                + "  if ($('stop').disabled) done(shown + '|' + $('count').textContent + '|' + $('answer').textContent); })"
                + ".observe(document.body, { subtree: true, childList: true, attributes: true });"
                + "ask('What does it cost?'); })");
        String[] parts = answer.split("\\|", 3);
        assertThat(Integer.parseInt(parts[1])).isGreaterThan(10);
        assertThat(parts[0]).as("how often the page has changed").isEqualTo(parts[1]);
        assertThat(parts[2]).hasSizeGreaterThan(50).doesNotContain("broken off");
        assertThat(browser.evaluate("new Promise(done => {"
                        + "new MutationObserver(() => { if ($('uploaded').textContent.includes('SHA-256')) done($('uploaded').textContent); })"
                        + ".observe($('uploaded'), { childList: true });"
                        + "upload(new Blob([new Uint8Array(1 << 20)])); })"))
                .contains("30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58");
    }

    /** One browser for all runs of this class. */
    static final class Chromium implements BeforeAllCallback {

        private static volatile Browser browser;

        @Override
        public void beforeAll(ExtensionContext context) {
            Path program = Browser.installed();
            if (program != null && browser == null) {
                Browser started = Browser.start(program);
                context.getStore(ExtensionContext.Namespace.create(Chromium.class))
                        .put("browser", started);
                browser = started;
            }
        }
    }
}
