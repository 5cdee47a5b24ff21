//! Callers that mean no good: slow ones, large ones, and many.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

use crate::cores::give_way;
use crate::fault::Fault;
use crate::message::{BASE_PATH, CROWD, SECRET};
use crate::process::announce;

/// What a crowd does to the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rudeness {
    /// 256 connections that never come to the end of a head.
    SlowHeads,
    /// 64 connections of a known channel that never come to the end of a body.
    SlowBodies,
    /// 200 heads of 256 KiB a second.
    HugeHeads,
    /// 500 connections a second, 2,000 of them open.
    Flood,
}

/// What a crowd is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct CrowdOrders {
    pub(crate) to: SocketAddr,
    pub(crate) rudeness: Rudeness,
}

/// From where it comes: from another address than whoever is measured, as strangers do.
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// How often the slow send a byte.
const DRIP: Duration = Duration::from_millis(100);
/// How often one of the others comes again.
const AGAIN: Duration = Duration::from_millis(40);
const FLOODING: Duration = Duration::from_millis(20);

/// Crowds the switch until whoever started it ends it. Crowds have machines of their own: what one needs to be one must not
/// count as what the switch has to do for it, so everybody else goes first.
pub(crate) fn run(orders: CrowdOrders) -> Result<(), Fault> {
    give_way()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Fault::machine("start the crowd's runtime"))?;
    announce(orders.to).map_err(Fault::machine("say that the crowd is there"))?;
    LocalSet::new().block_on(&runtime, async {
        let count = match orders.rudeness {
            Rudeness::SlowHeads => 256,
            Rudeness::SlowBodies => 64,
            Rudeness::HugeHeads => 8,
            Rudeness::Flood => 10,
        };
        let opening: Rc<[u8]> = opening(orders).into_bytes().into();
        for _ in 0..count {
            let opening = Rc::clone(&opening);
            spawn_local(async move {
                let mut held = VecDeque::new();
                loop {
                    // Whoever is closed or refused comes again: that is what a crowd is.
                    let _ = once(orders, &opening, &mut held).await;
                    sleep(if orders.rudeness == Rudeness::Flood { FLOODING } else { AGAIN }).await;
                }
            });
        }
        std::future::pending().await
    })
}

/// What each of them says first.
fn opening(CrowdOrders { to, rudeness }: CrowdOrders) -> String {
    let head = format!("POST {BASE_PATH}/vouchers HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\n");
    match rudeness {
        Rudeness::SlowHeads => format!("{head}X-Slow: "),
        Rudeness::SlowBodies => {
            let credentials = BASE64_STANDARD.encode(format!("{CROWD}:{SECRET}"));
            format!("{head}Authorization: Basic {credentials}\r\nContent-Length: 100000\r\n\r\n")
        }
        Rudeness::HugeHeads => format!("{head}X-Huge: {}\r\n\r\n", "x".repeat(256 * 1024)),
        Rudeness::Flood => String::new(),
    }
}

async fn once(orders: CrowdOrders, opening: &[u8], held: &mut VecDeque<TcpStream>) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((FROM, 0).into())?;
    let mut stream = socket.connect(orders.to).await?;
    stream.write_all(opening).await?;
    match orders.rudeness {
        Rudeness::SlowHeads | Rudeness::SlowBodies => loop {
            sleep(DRIP).await;
            stream.write_all(b"1").await?;
        },
        Rudeness::HugeHeads => stream.read_to_end(&mut Vec::new()).await.map(drop),
        Rudeness::Flood => {
            held.push_back(stream);
            if held.len() > 200 {
                held.pop_front();
            }
            Ok(())
        }
    }
}
