/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The scripted "model": it chooses one of a few written answers by the words of the question, and nothing more. */
final class Script {

    /** Said at the head of every answer. */
    static final String NOTICE =
            "Scripted answer. There is no model behind this page: it shows streaming, not thinking.";

    private static final Pattern TOKEN = Pattern.compile("\\S+\\s*");

    private static final String STREAM = "This text comes one token at a time. Each token is one server-sent event,"
            + " written by a plain asynchronous servlet and flushed at once. Between two tokens no thread of the"
            + " container waits: a single clock thread ticks for every open stream. The servlet does not know who"
            + " carries its bytes. It may be the server's own port, or a tunnel that this server has dialled to a"
            + " router; what you see must be the same, token by token.";

    private static final String COST = "While an answer is streamed, almost nothing is computed. The processor is busy"
            + " for microseconds per token and waits for the rest of the time. A platform that gives every request an"
            + " instance of its own pays for that waiting. One that lets many requests share an instance pays for the"
            + " processor time that was really used, and for the memory once.";

    private static final String DRAIN = "When this server is told to stop, it first tells its routers that it takes no"
            + " more requests. New ones go elsewhere. Streams that are open go on to their end, or until the drain"
            + " timeout has passed. A request that had not been started is handed back, and another server takes it."
            + " Nobody in front of the screen notices.";

    private static final String HELLO = "Hello! Ask me how streaming works here, what it costs, or what happens when a"
            + " server is drained. I know three answers by heart and repeat this one for everything else. Meanwhile you"
            + " can watch the numbers below: the time to the first token, and how evenly the others follow.";

    private Script() {}

    static String answer(String question) {
        String words = question.toLowerCase(Locale.ROOT);
        if (words.contains("cost") || words.contains("price") || words.contains("cpu")) {
            return COST;
        }
        if (words.contains("drain") || words.contains("stop") || words.contains("deploy")) {
            return DRAIN;
        }
        return words.contains("stream") || words.contains("token") || words.contains("how") ? STREAM : HELLO;
    }

    /** The answer's tokens; repeated or cut to the number wanted, when one is. */
    static List<String> tokens(String question, int wanted) {
        List<String> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(answer(question));
        while (matcher.find()) {
            tokens.add(matcher.group());
        }
        int count = wanted == 0 ? tokens.size() : wanted;
        List<String> result = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            result.add(tokens.get(i % tokens.size()));
        }
        return result;
    }
}
