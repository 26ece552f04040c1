import asyncio

from imgpipe.flow.channel import Channel


def test_what_goes_in_comes_out_in_order_until_the_last_sender_closes() -> None:
    async def check() -> list[int]:
        channel: Channel[int] = Channel(10, senders=2)
        for number in range(3):
            await channel.send(number)
        channel.close()
        await channel.send(3)
        channel.close()
        return [item async for item in channel]

    assert asyncio.run(asyncio.wait_for(check(), 10)) == [0, 1, 2, 3]


def test_the_heaviest_comes_first_once_the_last_sender_has_closed() -> None:
    async def check() -> list[str]:
        channel: Channel[str] = Channel(10, senders=2, weight=len)
        for word in ("a", "bb", "cccc", "dd", "eee"):
            await channel.send(word)
        channel.close()
        before = await anext(channel)
        channel.close()
        return [before, *[item async for item in channel]]

    assert asyncio.run(asyncio.wait_for(check(), 10)) == ["a", "cccc", "eee", "bb", "dd"]


def test_all_receivers_end() -> None:
    async def check() -> list[list[int]]:
        channel: Channel[int] = Channel(2)

        async def receive() -> list[int]:
            return [item async for item in channel]

        receivers = [asyncio.create_task(receive()) for _ in range(3)]
        for number in range(10):
            await channel.send(number)
        channel.close()
        return await asyncio.gather(*receivers)

    received = asyncio.run(asyncio.wait_for(check(), 10))
    assert sorted(item for items in received for item in items) == list(range(10))


def test_a_full_channel_makes_its_sender_wait() -> None:
    async def check() -> list[str]:
        channel: Channel[int] = Channel(2)
        log: list[str] = []

        async def send() -> None:
            for number in range(3):
                await channel.send(number)
                log.append(f"sent {number}")

        sender = asyncio.create_task(send())
        for _ in range(10):
            await asyncio.sleep(0)  # lets the sender go as far as it can
        log.append(f"took {await anext(aiter(channel))}")
        await sender
        return log

    log = asyncio.run(asyncio.wait_for(check(), 10))
    assert log == ["sent 0", "sent 1", "took 0", "sent 2"]


def test_gather_takes_what_is_there_and_leaves_the_end() -> None:
    async def check() -> tuple[list[int], list[int], list[int]]:
        channel: Channel[int] = Channel(5)
        first = channel.gather()
        await channel.send(1)
        await channel.send(2)
        channel.close()
        return first, channel.gather(), [item async for item in channel]

    assert asyncio.run(asyncio.wait_for(check(), 10)) == ([], [1, 2], [])


def test_closing_never_waits_even_when_full() -> None:
    async def check() -> list[int]:
        channel: Channel[int] = Channel(1)
        await channel.send(1)
        channel.close()
        return [item async for item in channel]

    assert asyncio.run(asyncio.wait_for(check(), 10)) == [1]
